"""What a site may decide about the guard: the section `[guard]` of policy.toml."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class GuardPolicy(BaseModel):
    """What is held back, and from where on.

    injection_at: least score at which a text counts as an attack; without it the model's own threshold.
    link_hosts: hosts that answers may link to; a host stands for those below it too.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    injection_at: Annotated[float, Field(gt=0, le=1)] | None = None
    link_hosts: tuple[str, ...] = ()
