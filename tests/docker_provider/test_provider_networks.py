"""docker_network, from plan to destroy."""

import pytest

pytestmark = pytest.mark.engine

NETWORK = """
resource "docker_network" "analytics" {
  name = "${var.prefix}-analytics"
}
"""
FULL = """
resource "docker_network" "analytics" {
  name            = "${var.prefix}-analytics"
  driver          = "bridge"
  internal        = true
  attachable      = true
  ingress         = false
  ipv6            = false
  check_duplicate = true
  ipam_driver     = "default"
  options         = { "com.docker.network.bridge.enable_icc" = "true" }
  labels {
    label = "layer"
    value = "all"
  }
  ipam_config {
    subnet      = "10.213.7.0/24"
    ip_range    = "10.213.7.128/25"
    gateway     = "10.213.7.1"
    aux_address = { printer = "10.213.7.5" }
  }
}
"""
SUBNET_ALONE = """
resource "docker_network" "analytics" {
  name = "${var.prefix}-analytics"
  ipam_config {
    subnet = "10.213.8.0/24"
  }
}
"""


def test_a_network_is_planned_made_and_removed(workspace, engine, prefix):
    workspace.write(NETWORK)
    assert workspace.plan().actions == {"docker_network.analytics": "create"}
    state = workspace.applied().state()["docker_network.analytics"]
    made = engine.networks.get(f"{prefix}-analytics")
    assert state["id"] == made.id
    assert (state["driver"], state["scope"], state["internal"]) == ("bridge", "local", False)
    assert state["ipam_config"][0]["subnet"] == made.attrs["IPAM"]["Config"][0]["Subnet"]
    assert workspace.destroy().ok
    assert engine.networks.list(names=[f"{prefix}-analytics"]) == []


@pytest.mark.parametrize("hcl", [NETWORK, FULL, SUBNET_ALONE], ids=["bare", "full", "subnet"])
def test_a_second_plan_is_empty(workspace, hcl):
    workspace.write(hcl).applied()
    assert workspace.plan().actions == {}


def test_every_argument_reaches_the_engine(workspace, engine, prefix):
    workspace.write(FULL).applied()
    made = engine.networks.get(f"{prefix}-analytics").attrs
    assert made["Internal"]
    assert made["Attachable"]
    assert made["Labels"] == {"layer": "all"}
    assert made["IPAM"]["Config"] == [
        {
            "Subnet": "10.213.7.0/24",
            "IPRange": "10.213.7.128/25",
            "Gateway": "10.213.7.1",
            "AuxiliaryAddresses": {"printer": "10.213.7.5"},
        }
    ]


def test_a_changed_subnet_replaces_the_network(workspace):
    workspace.write(SUBNET_ALONE).applied()
    workspace.write(SUBNET_ALONE.replace("10.213.8.", "10.213.9."))
    plan = workspace.plan()
    assert plan.actions == {"docker_network.analytics": "delete create"}
    assert plan.replaced_by("docker_network.analytics") == [["ipam_config"]]


def test_a_network_deleted_by_hand_is_planned_for_creation(workspace, engine, prefix):
    workspace.write(NETWORK).applied()
    engine.networks.get(f"{prefix}-analytics").remove()
    assert workspace.plan().actions == {"docker_network.analytics": "create"}


def test_a_name_that_is_taken_is_refused(workspace, engine, prefix):
    other = engine.networks.create(f"{prefix}-analytics")
    result = workspace.write(NETWORK).apply()
    assert f'There is a network named "{prefix}-analytics" already' in result.errors
    assert other.id[:12] in result.errors


def test_an_overlapping_subnet_shows_the_engines_words(workspace, engine, prefix):
    workspace.write(SUBNET_ALONE).applied()
    workspace.write(
        SUBNET_ALONE
        + SUBNET_ALONE.replace('"analytics"', '"second"').replace("-analytics", "-second")
    )
    result = workspace.apply()
    assert not result.ok
    assert "overlap" in result.errors
    assert list(workspace.state()) == ["docker_network.analytics"]


@pytest.mark.parametrize("by", ["name", "id"])
def test_an_existing_network_is_imported_and_needs_no_change(workspace, engine, prefix, by):
    made = engine.networks.create(f"{prefix}-analytics")
    identifier = made.name if by == "name" else made.id
    imported = workspace.write(NETWORK).terraform("import", "docker_network.analytics", identifier)
    assert imported.ok, imported.output
    assert workspace.plan().actions == {}
    assert workspace.state()["docker_network.analytics"]["id"] == made.id


def test_a_data_source_reads_a_network(workspace, engine, prefix):
    made = engine.networks.create(f"{prefix}-analytics")
    workspace.write(
        """
data "docker_network" "found" {
  name = "${var.prefix}-analytics"
}
output "found" {
  value = data.docker_network.found
}
"""
    ).applied()
    found = workspace.outputs()["found"]
    assert found["id"] == made.id
    assert found["driver"] == "bridge"
    assert len(found["ipam_config"]) == 1


def test_a_data_source_says_which_network_is_missing(workspace, prefix):
    result = workspace.write(
        'data "docker_network" "none" {\n  name = "${var.prefix}-none"\n}'
    ).apply()
    assert f'The engine has no network "{prefix}-none"' in result.errors


def test_an_engine_that_ignores_a_mac_address_is_told_of(workspace, engine, base_image, prefix):
    workspace.write("""
resource "docker_network" "n" {
  name = "${var.prefix}-n"
}
resource "docker_container" "c" {
  name    = "${var.prefix}-c"
  image   = local.base
  command = ["sleep", "60"]
  networks_advanced {
    name        = docker_network.n.name
    mac_address = "02:42:ac:11:99:02"
  }
}
""")
    result = workspace.apply()
    assert result.ok, result.errors
    [network] = engine.api.inspect_container(f"{prefix}-c")["NetworkSettings"]["Networks"].values()
    obeyed = network["MacAddress"] == "02:42:ac:11:99:02"
    assert ("02:42:ac:11:99:02" in result.warnings) is not obeyed
    assert workspace.plan().actions == {}


def test_of_many_that_ask_for_one_name_at_once_exactly_one_has_it(workspace, engine, prefix):
    body = '{ name = "${var.prefix}-one" }'
    workspace.write("\n".join(f'resource "docker_network" "r{n}" {body}' for n in range(8)))
    result = workspace.apply()
    assert result.errors.count(f'There is a network named "{prefix}-one" already') == 7
    assert len(workspace.state()) == 1
