"""What a plan may say, section by section. Lengths are in mm for volumes and in pixels of the network for pictures."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
AtLeastZero = Annotated[float, Field(ge=0.0)]
Count = Annotated[int, Field(ge=1)]
Range = tuple[AtLeastZero, AtLeastZero]


class Section(BaseModel):
    """A section: no key but those that are named, nothing turned into another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CohortPlan(Section):
    """What kind of cohort it is learned from.

    Attributes
    ----------
    kind : {"pictures", "volumes"}
    contrasts : tuple of str
        Images to learn from; none: the first one of each item.
    """

    kind: Literal["pictures", "volumes"]
    contrasts: tuple[str, ...] = ()


class SplitPlan(Section):
    """Which split of the cohort, and what chooses epoch, cut-off and temperature.

    Attributes
    ----------
    name : str
        Of a split in the cohort.
    validation : float
        Share of the patients to learn from that is set aside to choose by.
    choose_on_held_back : bool
        The held-back items choose, as in the published framework; every page then says so.
    """

    name: str = "by-patient"
    validation: Annotated[float, Field(ge=0.0, le=0.5)] = 0.15
    choose_on_held_back: bool = False


class Head(Section):
    """One judgment of a classifier.

    Attributes
    ----------
    output : str
        Name of the network's output.
    label : str
        Name of the cohort's label.
    values : tuple
        Values of the label, in the order of the output.
    names : tuple of str
        What the values are called.
    weight : float
        Of its loss.
    """

    output: str
    label: str
    values: tuple[str | float, ...] = Field(min_length=2)
    names: tuple[str, ...] = ()
    weight: Positive = 1.0

    @property
    def words(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.names or tuple(f"{value:g}" if isinstance(value, float) else value for value in self.values)

    @model_validator(mode="after")
    def _fits(self) -> "Head":
        if self.names and len(self.names) != len(self.values):
            raise ValueError(f"names must be {len(self.values)}, one for each value, received {len(self.names)}")
        return self


class TaskPlan(Section):
    """What is learned.

    Attributes
    ----------
    kind : {"segment", "classify"}
    mask : str
        Name of the cohort's mask, to segment.
    reader : str
        Who finds the mask in the end: the application's own function by its name, or empty: the frame.
    heads : tuple of Head
        To classify.
    subgroups : tuple of str
        Labels by whose values the figures are also given; ``center`` and ``contrast`` always are.
    """

    kind: Literal["segment", "classify"]
    mask: str = "region"
    reader: str = ""
    heads: tuple[Head, ...] = ()
    subgroups: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> "TaskPlan":
        if (self.kind == "classify") != bool(self.heads):
            raise ValueError(f"heads belong to classify and to nothing else, received {len(self.heads)} of them")
        return self


class ArchitecturePlan(Section):
    """A network of the registry; size and channels come from the section ``input``."""

    name: str
    config: dict[str, Any] = Field(default_factory=dict)


class InputPlan(Section):
    """What the network sees.

    Attributes
    ----------
    size_px : int
        Rows and columns.
    spacing_mm : float
        Of a pixel, for volumes; 0 for pictures, of which the whole is seen.
    channels : int
        Odd: neighboring slices, the judged one in the middle.
    channel_step_mm : float
        Distance of the slices in neighboring channels.
    normalization : {"unit", "percentiles", "standardized"}
        Divided by 255; the 1st to the 99th percentile of the image become 0 to 1; or mean 0 and standard deviation 1
        within the body, by sample.
    """

    size_px: Count
    spacing_mm: AtLeastZero = 0.0
    channels: Count = 1
    channel_step_mm: Positive = 3.3
    normalization: Literal["unit", "percentiles", "standardized"] = "unit"

    @model_validator(mode="after")
    def _fits(self) -> "InputPlan":
        if self.channels % 2 == 0:
            raise ValueError(f"channels must be odd, received {self.channels}")
        return self


class AugmentationPlan(Section):
    """How far samples are changed, all by one interpolation; what is left out changes nothing.

    Attributes
    ----------
    rotation_deg, shear, shift : float
        Largest, both ways.
    scale, gamma, blur_px, noise : (float, float)
        Least and most; noise as a share of full brightness.
    elastic_sd : float
        Standard deviation of the shift at each of ``elastic_nodes`` by ``elastic_nodes`` nodes.
    bias_sd : float
        Of the logarithm of a smooth brightness field with 4 by 4 nodes.
    brightness, contrast : float
        Largest change of the mean, and of the spread, as a share of full brightness.
    flip_probability, blur_probability, noise_probability : float
    """

    rotation_deg: AtLeastZero = 0.0
    scale: Range = (1.0, 1.0)
    shear: AtLeastZero = 0.0
    shift: AtLeastZero = 0.0
    elastic_sd: AtLeastZero = 0.0
    elastic_nodes: Annotated[int, Field(ge=2)] = 9
    flip_probability: Share = 0.0
    gamma: Range = (1.0, 1.0)
    bias_sd: AtLeastZero = 0.0
    brightness: AtLeastZero = 0.0
    contrast: AtLeastZero = 0.0
    blur_probability: Share = 0.0
    blur_px: Range = (0.4, 1.2)
    noise_probability: Share = 0.0
    noise: Range = (0.01, 0.06)


class LossPlan(Section):
    """What is made small.

    Attributes
    ----------
    dice, cross_entropy : float
        Weights of the two losses of a mask.
    edge_weight, edge_sd : float
        Cross-entropy weighs ``1 + edge_weight * exp(-d ** 2 / (2 * edge_sd ** 2))`` at the distance d from the edge.
    heads : tuple of float
        Weights of the resolutions at which a mask is held to the truth, the finest first.
    focal_gamma : float
        Of the focal loss of classes; 0: cross-entropy.
    class_weights : {"none", "balanced"}
        Balanced: a class weighs as one over its share of what is learned from.
    label_smoothing : float
    """

    dice: AtLeastZero = 1.0
    cross_entropy: AtLeastZero = 1.0
    edge_weight: AtLeastZero = 0.0
    edge_sd: Positive = 2.0
    heads: tuple[Positive, ...] = Field(default=(1.0,), min_length=1)
    focal_gamma: AtLeastZero = 0.0
    class_weights: Literal["none", "balanced"] = "none"
    label_smoothing: Share = 0.0


class SamplerPlan(Section):
    """Which samples are drawn.

    Attributes
    ----------
    oversample : str
        Output of the head whose classes are drawn equally often; empty: every sample once an epoch.
    """

    oversample: str = ""


class Grid(Section):
    """Rows and columns of the input for a share of the epochs."""

    size_px: Count
    share: Share


class SchedulePlan(Section):
    """How long, how fast.

    Attributes
    ----------
    epochs, batch_size : int
    steps : int
        Batches of an epoch; 0: as many as it takes to see every sample once.
    optimizer : {"adam", "adamw"}
    rate : float
        Largest learning rate.
    decay : {"constant", "cosine"}
        Cosine: to zero at the end.
    warmup_steps : int
        With cosine: batches over which the rate rises.
    weight_decay, clip_norm : float
        0: none.
    average : float
        Share of the old moving average of the weights kept at each batch; 0: no average.
    precision : {"float32", "mixed_bfloat16"}
    grids : tuple of Grid
        From coarse to fine; none: always ``input.size_px``.
    """

    epochs: Count
    batch_size: Count
    steps: Annotated[int, Field(ge=0)] = 0
    optimizer: Literal["adam", "adamw"] = "adamw"
    rate: Positive = 1e-3
    decay: Literal["constant", "cosine"] = "constant"
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    weight_decay: AtLeastZero = 0.0
    clip_norm: AtLeastZero = 0.0
    average: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    grids: tuple[Grid, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> "SchedulePlan":
        if self.grids and abs(sum(grid.share for grid in self.grids) - 1.0) > 1e-6:
            raise ValueError(f"shares of the grids must add up to 1, received {[grid.share for grid in self.grids]}")
        if self.warmup_steps and self.decay != "cosine":
            raise ValueError(f"warmup_steps belongs to the decay cosine, received {self.warmup_steps}")
        return self


class Patience(Section):
    """Wait so many epochs for a figure of the validation to get better.

    Attributes
    ----------
    monitor : str
        A column of the log, as ``val_loss`` or ``val_stage_accuracy``.
    patience : int
    factor : float
        What the learning rate is multiplied by, to reduce it.
    """

    monitor: str = "val_loss"
    patience: Count
    factor: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.5


class CallbacksPlan(Section):
    """What happens at the end of an epoch.

    Attributes
    ----------
    early_stopping, reduce_on_plateau : Patience or None
    keep : str
        Figure whose best epoch is kept, as ``val_loss``; empty: the last epoch is.
    """

    early_stopping: Patience | None = None
    reduce_on_plateau: Patience | None = None
    keep: str = ""

    @property
    def monitors(self) -> frozenset[str]:
        """Columns of the log that these need."""
        waits = [wait.monitor for wait in (self.early_stopping, self.reduce_on_plateau) if wait]
        return frozenset([*waits, *([self.keep] if self.keep else [])])


class Plan(Section):
    """All of it."""

    name: str
    seed: Annotated[int, Field(ge=0)] = 0
    cohort: CohortPlan
    split: SplitPlan = SplitPlan()
    task: TaskPlan
    architecture: ArchitecturePlan
    input: InputPlan
    augmentation: AugmentationPlan = AugmentationPlan()
    loss: LossPlan = LossPlan()
    sampler: SamplerPlan = SamplerPlan()
    schedule: SchedulePlan
    callbacks: CallbacksPlan = CallbacksPlan()

    @model_validator(mode="after")
    def _fits(self) -> "Plan":
        if (self.cohort.kind == "volumes") != (self.input.spacing_mm > 0):
            raise ValueError(f"input.spacing_mm belongs to volumes alone, received {self.input.spacing_mm}")
        if self.cohort.kind == "pictures" and self.input.channels != 1:
            raise ValueError(f"pictures have no neighbors: input.channels must be 1, received {self.input.channels}")
        if self.cohort.kind == "volumes" and self.task.kind == "classify":
            raise ValueError("volumes are segmented; to classify slices, make a cohort of pictures of them")
        if self.callbacks.monitors and not (self.split.validation or self.split.choose_on_held_back):
            raise ValueError("callbacks choose by the validation: split.validation must not be 0")
        if self.callbacks.reduce_on_plateau and self.schedule.decay != "constant":
            raise ValueError(f"reduce_on_plateau needs the decay constant, received {self.schedule.decay}")
        outputs = [head.output for head in self.task.heads]
        if self.sampler.oversample and self.sampler.oversample not in outputs:
            raise ValueError(f"sampler.oversample must be one of {outputs}, received {self.sampler.oversample!r}")
        return self
