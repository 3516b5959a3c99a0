"""What came to the receiver's port, refused connections and images included."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from panel import badges, queries
from panel.deps import LoginDep, NodeDep, PageNumber

router = APIRouter()


@router.get("/received")
def received(
    node: NodeDep, login: LoginDep, page: PageNumber = 1, refused: Annotated[int, Query(ge=1, le=10**6)] = 1
) -> Response:
    """Connections and refused images."""
    return node.pages.render(
        "received.html",
        login=login,
        section="/received",
        associations=queries.associations(node.database, page=page),
        refusals=queries.refused_images(node.database, page=refused),
        outcomes=badges.ASSOCIATION,
        here=page,
        here_refused=refused,
    )
