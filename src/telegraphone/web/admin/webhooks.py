"""How it goes with the webhooks, and telling one again: for administrators."""

from starlette.responses import Response

from telegraphone.domain.errors import ParameterInvalid
from telegraphone.domain.permissions import Action, must_reach
from telegraphone.services.audit import AuditTrail, Deed
from telegraphone.services.webhooks import Standing, Webhooks
from telegraphone.web.gws.answers import answer
from telegraphone.web.gws.recording_shapes import instant
from telegraphone.web.gws.representations import Json
from telegraphone.web.gws.requests import ApiRequest

REPLAY = "Replay"


class WebhookPages:
    """Handlers of `/webhooks`."""

    def __init__(self, webhooks: Webhooks, audit: AuditTrail) -> None:
        self._webhooks = webhooks
        self._audit = audit

    async def get_all(self, request: ApiRequest) -> Response:
        """GET /webhooks: those of the administrator's contact centre."""
        must_reach(request.agent, Action.ADMINISTER)
        standings = await self._webhooks.standings(request.agent.tenant)
        return answer(webhooks=[_shape(each) for each in standings])

    async def post(self, request: ApiRequest) -> Response:
        """POST /webhooks/{name}: tells again what happened behind a number, and the trail who wanted that."""
        must_reach(request.agent, Action.ADMINISTER)
        if request.operation() != REPLAY:
            raise ParameterInvalid("operationName")
        after = request.required("after")
        if not isinstance(after, int) or isinstance(after, bool) or not 0 <= after < 2**53:
            raise ParameterInvalid("after")
        agent, name = request.agent, request.path["name"]
        standing = await self._webhooks.replay(agent.tenant, name, after)
        detail = {"after": str(after)}
        await self._audit.write(Deed(agent.actor, "replay", f"webhook {name}", "done", detail, agent.tenant, request.origin))
        return answer(webhook=_shape(standing))


def _shape(standing: Standing) -> Json:
    failing = standing.failing_since
    return {
        "name": standing.webhook.name,
        "url": standing.webhook.url,
        "events": sorted(kind.value for kind in standing.webhook.kinds),
        "told": standing.told,
        **({"failingSince": instant(failing), "reason": standing.reason} if failing else {}),
    }
