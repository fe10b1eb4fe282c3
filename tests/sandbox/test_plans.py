"""What the account's plan allows: cron, the number of destinations, types of the enterprise tier."""

from typing import Any

import httpx
import pytest
import recurly_facts as recurly

from stitchnb.errors import InvalidInputError
from stitchnb.sandbox import Sandbox

CRON = {"cron_expression": "0 0 12 ? * MON-FRI *"}
NO_CRON = {
    "error": "AccessDenied",
    "data": {"message": "access to cron_expression based scheduling is not permitted"},
}


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Any:
    with (
        Sandbox(clock=recurly.NOON, pace_s=0, plan=request.param) as sandbox,
        httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {sandbox.token.reveal()}"}) as client,
    ):
        yield client


def create(api: httpx.Client, **properties: str) -> httpx.Response:
    return api.post(
        "/v4/sources", json={**recurly.CREATE, "properties": {**recurly.CREATE["properties"], **properties}}
    )


@pytest.mark.parametrize("api", ["standard"], indirect=True)
def test_the_standard_plan_has_no_cron(api: httpx.Client) -> None:
    refused = create(api, **CRON)
    assert (refused.status_code, refused.json()) == (400, NO_CRON)
    assert api.get("/v4/sources").json() == []

    source = create(api).json()
    refused = api.put(f"/v4/sources/{source['id']}", json={"properties": CRON})
    assert (refused.status_code, refused.json()) == (400, NO_CRON)


@pytest.mark.parametrize("api", ["advanced"], indirect=True)
def test_the_advanced_plan_has_cron(api: httpx.Client) -> None:
    source = create(api, **CRON).json()

    assert source["properties"]["cron_expression"] == CRON["cron_expression"]


@pytest.mark.parametrize(
    ("api", "access"), [("standard", False), ("advanced", False), ("premium", True)], indirect=["api"]
)
def test_types_of_the_enterprise_tier_need_the_premium_plan(api: httpx.Client, access: bool) -> None:
    listed = {card["type"]: card for card in api.get("/v4/source-types").json() if "steps" in card}
    told = api.get("/v4/source-types/platform.ga360").json()
    answer = api.post("/v4/sources", json={"type": "platform.ga360", "display_name": "GA"})

    assert listed["platform.ga360"]["details"]["pricing_tier"] == "enterprise"
    assert [card["details"]["access"] for card in (listed["platform.ga360"], told)] == [access] * 2
    if access:
        assert answer.json()["type"] == "platform.ga360"
    else:
        message = "you do not have access to source type (platform.ga360)"
        assert (answer.status_code, answer.json()) == (400, {"error": "AccessDenied", "data": {"message": message}})


@pytest.mark.parametrize("api", ["standard", "advanced", "premium"], indirect=True)
def test_no_plan_opens_what_is_not_released(api: httpx.Client) -> None:
    listed = {card["type"]: card["details"] for card in api.get("/v4/source-types").json() if "steps" in card}
    listed |= {card["type"]: card["details"] for card in api.get("/v4/destination-types").json()}

    open_states = {details["pipeline_state"] for details in listed.values() if details["access"]}
    assert open_states == {"released", "beta"}
    assert not listed["storagegrid"]["access"], "enterprise, and still alpha"


def test_a_plan_that_there_is_not_is_said_at_once() -> None:
    with pytest.raises(InvalidInputError, match="'gold' is no plan: give one of 'standard', 'advanced', 'premium'"):
        Sandbox(plan="gold")  # type: ignore[arg-type]
