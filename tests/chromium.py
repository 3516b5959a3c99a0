"""A headless Chromium, driven through its debugging pipe: no port, no driver, no further package."""

import base64
import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.factories.waiting import wait_until

_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
    "--remote-debugging-pipe", "--hide-scrollbars", "--force-color-profile=srgb", "--disable-dev-shm-usage",
)  # fmt: skip
_WITHOUT_GPU = ("--disable-gpu",)
_WEBGL_IN_SOFTWARE = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")


class Browser:
    """One page of a browser.

    Parameters
    ----------
    program : str
        Path of Chromium.
    profile : Path
        An empty folder for its profile.
    webgl : bool
        Whether pages may draw with WebGL, which the processor then computes.
    """

    def __init__(
        self, program: str, profile: Path, *, width: int = 1366, height: int = 768, webgl: bool = False
    ) -> None:
        commands, self._to = os.pipe()
        self._from, answers = os.pipe()
        window = f"--window-size={width},{height}"
        flags = [*_FLAGS, *(_WEBGL_IN_SOFTWARE if webgl else _WITHOUT_GPU), window, f"--user-data-dir={profile}"]
        # The browser reads commands from descriptor 3 and writes answers to 4; dash knows no descriptor above 9.
        script = f'exec "$0" "$@" 3<&{commands} 4>&{answers}'
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", script, program, *flags, "about:blank"],
            pass_fds=(commands, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self._number, self._rest, self.events = 0, b"", []
        targets = self._call("Target.getTargets")["targetInfos"]
        page = next(one for one in targets if one["type"] == "page")
        self._session = self._call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.resize(width, height)

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        os.close(self._to)
        self._process.terminate()
        self._process.wait(20)
        os.close(self._from)

    def resize(self, width: int, height: int) -> None:
        """Give the page another size, in CSS pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def dark(self, scheme: str) -> None:
        """Prefer ``dark`` or ``light``."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, address: str) -> None:
        """Go to an address and wait until it is loaded."""
        self.call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def leave(self) -> None:
        """Leave the page, and forget what happened on it: a page that stays open goes on asking its server."""
        self.call("Page.navigate", url="about:blank")
        self.wait("location.href === 'about:blank'")
        self.events.clear()

    def run(self, script: str) -> Any:
        """Evaluate JavaScript in the page."""
        answer = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def wait(self, script: str, *, seconds: float = 60.0) -> None:
        """Wait until JavaScript is true in the page."""
        try:
            wait_until(lambda: self._true(script), seconds, script)
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.problems()}") from None

    def key(self, key: str, code: int) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def wheel(self, x: float, y: float, by: float) -> None:
        """Turn the wheel over a point."""
        self.call("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=by)

    def shoot(self, path: Path, *, whole: bool = False) -> None:
        """Save a picture of the window, or of the whole page."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))

    def problems(self) -> list[str]:
        """What the console complained about: script errors, blocked content, failed requests."""
        found = []
        for event in self.events:
            if event["method"] == "Runtime.exceptionThrown":
                details = event["params"]["exceptionDetails"]
                found.append(details.get("exception", {}).get("description", details["text"]))
            if event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
                entry = event["params"]["entry"]
                found.append(f"{entry['text']} {entry.get('url', '')}")
        return found

    def addresses(self) -> list[str]:
        """Every address that the page asked for."""
        return [e["params"]["request"]["url"] for e in self.events if e["method"] == "Network.requestWillBeSent"]

    def call(self, method: str, **values: Any) -> dict[str, Any]:
        """Send a command to the page."""
        return self._call(method, session=self._session, **values)

    def _true(self, script: str) -> bool:
        try:
            return bool(self.run(script))
        except AssertionError:
            return False  # the page is on its way to another

    def _call(self, method: str, *, session: str = "", **values: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": values}
        if session:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            if "method" in answer:
                self.events.append(answer)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._from, 1 << 20)
            if not part:
                raise AssertionError("Chromium ended")
            self._rest += part
        line, self._rest = self._rest.split(b"\0", 1)
        message: dict[str, Any] = json.loads(line)
        return message
