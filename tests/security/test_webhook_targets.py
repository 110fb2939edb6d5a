"""Where webhooks never go: inside. Whatever is written, whatever a name means a moment later."""

import pytest

from app.core.addresses import Blocked, judged, read
from app.core.outbound import Outbound
from tests.aims import refused
from tests.events.log import told
from tests.events.post import SECONDS, Post, courier, endpoint, poke
from tests.events.receivers import receiver, says

INSIDE = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0.0.0.0",  # noqa: S104 - nothing is bound
    "10.0.0.7",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[fe80::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[::ffff:127.0.0.1]",
    "[::ffff:10.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[3fff::1]",
    "[4000::1]",
    "[ff02::1]",
    "localhost",
    "db.localhost",
    "metadata.google.internal",
    "printer.local",
    "db",
]
ODD = [
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "//example.com/",
    "https://",
    "https://user@example.com/",
    "https://user:word@example.com/",
    "https://example.com:0/",
    "https://example.com:99999/",
    "https://example.com/#part",
    "https://example.com\\@127.0.0.1/",
    "https://exa mple.com/",
    "https://example.com/\r\nX-Evil: 1",
    "https://ex\u00e4mple.com/",
]


def leads_to(*addresses):
    async def resolve(_host, _port):
        return list(addresses)

    return resolve


@pytest.mark.parametrize("host", INSIDE)
async def test_an_inner_address_is_refused_at_once(client, host):
    body = {"url": f"https://{host}/hook"}
    found = await refused(client, "POST", "/v1/webhook_endpoints", json=body)
    assert found == ("/url", "blocked_target")


@pytest.mark.parametrize("url", ODD)
async def test_an_address_that_is_none_of_a_receiver_is_refused_at_once(client, url):
    found = await refused(client, "POST", "/v1/webhook_endpoints", json={"url": url})
    assert found == ("/url", "blocked_target")


async def test_an_endpoint_cannot_be_moved_inside(client):
    made = await endpoint(client, "https://hooks.example.com/")
    body, seen = {"url": "https://10.0.0.1/"}, {"If-Match": '"1"'}
    place = f"/v1/webhook_endpoints/{made['id']}"
    found = await refused(client, "PATCH", place, json=body, headers=seen)
    assert found == ("/url", "blocked_target")


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.0.0.1"],
        ["93.184.215.14", "127.0.0.1"],
        ["::ffff:169.254.169.254"],
        ["fe80::1%eth0"],
        ["100.100.100.200"],
    ],
)
async def test_a_name_that_leads_inside_is_refused_when_it_is_asked(addresses):
    with pytest.raises(Blocked):
        await judged("https://hooks.example.com/", resolve=leads_to(*addresses))


async def test_the_connection_goes_to_the_address_that_was_judged():
    target = await judged("https://hooks.example.com/a?b=c", resolve=leads_to("93.184.215.14"))
    assert target.url == "https://93.184.215.14:443/a?b=c"
    assert (target.host, target.authority) == ("hooks.example.com", "hooks.example.com")
    target = await judged("https://hooks.example.com:8443", resolve=leads_to("2606:2800::1"))
    assert target.url == "https://[2606:2800::1]:8443/"
    assert target.authority == "hooks.example.com:8443"


async def test_a_name_that_means_something_else_a_moment_later_is_asked_once():
    """Rebinding: public when it is judged, this machine when it is connected to."""
    answers = [["93.184.215.14"], ["127.0.0.1"]]
    asked = []

    async def resolve(host, _port):
        asked.append(host)
        return answers[min(len(asked), 2) - 1]

    assert (await judged("https://hooks.example.com/", resolve=resolve)).address == "93.184.215.14"
    assert asked == ["hooks.example.com"]
    async with receiver(says(200)) as inside:
        url = f"https://hooks.example.com:{inside.port}/"
        answer = await Outbound(seconds=SECONDS, resolve=resolve).post(url, b"{}", {})
        assert (answer.error, answer.blocked, inside.connections) == ("blocked_target", True, 0)


async def test_a_delivery_that_would_go_inside_is_blocked_and_no_byte_leaves(
    client, patient, clock, workspace
):
    async with receiver(says(200)) as inside:
        made = await endpoint(client, f"https://hooks.example.com:{inside.port}/")
        await poke(client, made)
        office = Post(courier(patient, clock), workspace[0], client)
        office.courier.outbound = Outbound(seconds=SECONDS, resolve=leads_to("127.0.0.1"))
        await office.round()
        assert inside.connections == 0
    one = await office.delivery()
    assert (one["state"], one["log"][0]["error"]) == ("blocked_target", "blocked_target")


async def test_development_may_call_this_machine_and_nothing_else_inside():
    read("http://127.0.0.1:8080/", loopback=True)
    read("http://localhost:8080/", loopback=True)
    for url in ("http://10.0.0.1/", "http://db/", "ftp://127.0.0.1/"):
        with pytest.raises(Blocked):
            read(url, loopback=True)
    with pytest.raises(Blocked):
        await judged("http://hooks.example.com/", loopback=True, resolve=leads_to("93.184.215.14"))
    with pytest.raises(Blocked):
        read("http://127.0.0.1:8080/", loopback=False)


async def test_a_secret_is_shown_once_and_stands_nowhere_else(client, workspace):
    made = await endpoint(client, "https://hooks.example.com/")
    place = f"/v1/webhook_endpoints/{made['id']}"
    turned = (await client.post(f"{place}/rotate-secret")).json()
    assert made["secret"] != turned["secret"]
    await poke(client, made)
    await told(client)
    for path in (place, "/v1/webhook_endpoints", "/v1/webhook_deliveries", "/v1/events"):
        seen = (await client.get(path)).text
        assert "whsec_" not in seen
        assert made["secret"] not in seen


async def test_other_workspaces_see_and_touch_nothing(client, neighbour, post_office):
    async with receiver(says(200)) as honest:
        made = await endpoint(client, honest.url)
        await poke(client, made)
        await post_office.round()
    one = await post_office.delivery()
    for method, path in (
        ("GET", f"/v1/webhook_endpoints/{made['id']}"),
        ("DELETE", f"/v1/webhook_endpoints/{made['id']}"),
        ("POST", f"/v1/webhook_endpoints/{made['id']}/rotate-secret"),
        ("POST", f"/v1/webhook_endpoints/{made['id']}/test"),
        ("GET", f"/v1/webhook_deliveries/{one['id']}"),
        ("POST", f"/v1/webhook_deliveries/{one['id']}/resend"),
    ):
        answer = await neighbour.request(method, path, headers={"If-Match": '"1"'})
        assert answer.status_code == 404, (method, path)
    for path in ("/v1/webhook_endpoints", "/v1/webhook_deliveries", "/v1/events"):
        assert (await neighbour.get(path)).json()["data"] == []
