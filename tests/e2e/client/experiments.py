"""Experiments: life cycle, tags, search."""

from harness import equal, refused
from mlflow.entities import ViewType


def check_default_experiment_is_there_from_the_start(client, name):
    default = client.get_experiment("0")
    equal((default.name, default.lifecycle_stage), ("Default", "active"))
    equal(client.get_experiment_by_name("Default").experiment_id, "0")


def check_create_and_get(client, name):
    created = client.create_experiment(name, tags={"team": "vision", "größe": "ä中"})
    found = client.get_experiment(created)
    equal(found.name, name)
    equal(found.tags, {"team": "vision", "größe": "ä中"})
    assert found.artifact_location.startswith("mlflow-artifacts:/"), found.artifact_location
    assert found.creation_time <= found.last_update_time
    equal(client.get_experiment_by_name(name).experiment_id, created)
    equal(client.get_experiment_by_name(name + "-unknown"), None)


def check_ids_grow(client, name):
    first, second = (int(client.create_experiment(f"{name}-{part}")) for part in "ab")
    assert second > first


def check_name_is_taken_even_when_deleted(client, name):
    created = client.create_experiment(name)
    with refused("RESOURCE_ALREADY_EXISTS", name):
        client.create_experiment(name)
    client.delete_experiment(created)
    with refused("RESOURCE_ALREADY_EXISTS", name):
        client.create_experiment(name)


def check_rename(client, name):
    created = client.create_experiment(name)
    client.rename_experiment(created, name + "-new")
    equal(client.get_experiment(created).name, name + "-new")
    equal(client.get_experiment_by_name(name), None)


def check_delete_and_restore_take_the_runs_along(client, name):
    created = client.create_experiment(name)
    run_id = client.create_run(created).info.run_id
    client.delete_experiment(created)
    equal(client.get_experiment(created).lifecycle_stage, "deleted")
    equal(client.get_run(run_id).info.lifecycle_stage, "deleted")
    with refused("INVALID_PARAMETER_VALUE", "active"):
        client.create_run(created)
    client.restore_experiment(created)
    equal(client.get_experiment(created).lifecycle_stage, "active")
    equal(client.get_run(run_id).info.lifecycle_stage, "active")


def check_tags_are_upserts(client, name):
    created = client.create_experiment(name)
    client.set_experiment_tag(created, "stage", "one")
    client.set_experiment_tag(created, "stage", "two")
    equal(client.get_experiment(created).tags, {"stage": "two"})


def check_unknown_id_is_not_found(client, name):
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_experiment("99999999")


def check_search_filters(client, name):
    for part, color in (("alpha", "red"), ("beta", "blue"), ("Gamma", "red")):
        client.create_experiment(f"{name}-{part}", tags={"color": color, "group": name})

    def search(text):
        found = client.search_experiments(filter_string=text, order_by=["name ASC"])
        return [experiment.name.removeprefix(name + "-") for experiment in found]

    mine = f"tags.group = '{name}'"
    equal(search(mine), ["Gamma", "alpha", "beta"])
    equal(search(f"{mine} AND tags.color = 'red'"), ["Gamma", "alpha"])
    equal(search(f"{mine} AND tags.`color` != 'red'"), ["beta"])
    equal(search(f"name LIKE '{name}-%a' AND {mine}"), ["Gamma", "alpha", "beta"])
    equal(search(f"name LIKE '{name}-g%' AND {mine}"), [])
    equal(search(f"attribute.name ILIKE '{name}-g%' AND {mine}"), ["Gamma"])
    equal(search(f"name = '{name}-beta'"), ["beta"])
    equal(search(f"{mine} AND creation_time > 0"), ["Gamma", "alpha", "beta"])
    equal(search(f"{mine} AND creation_time < 1000"), [])


def check_search_pages_and_view_types(client, name):
    ids = [client.create_experiment(f"{name}-{number}", tags={"group": name}) for number in range(5)]
    client.delete_experiment(ids[2])
    mine = f"tags.group = '{name}'"

    def names(view, **more):
        return [experiment.experiment_id for experiment in client.search_experiments(view_type=view, filter_string=mine, **more)]

    # Newest first is the default order.
    equal(names(ViewType.ACTIVE_ONLY), [ids[4], ids[3], ids[1], ids[0]])
    equal(names(ViewType.DELETED_ONLY), [ids[2]])
    equal(sorted(names(ViewType.ALL), key=int), ids)
    pages, token = [], None
    while True:
        page = client.search_experiments(filter_string=mine, max_results=3, order_by=["experiment_id ASC"], page_token=token)
        pages.append([experiment.experiment_id for experiment in page])
        token = page.token
        if not token:
            break
    equal(pages, [[ids[0], ids[1], ids[3]], [ids[4]]])


def check_bad_filter_is_refused(client, name):
    for text in ("name == 'a'", "metrics.a > 1", "name = ", "tags.a > 'b'"):
        with refused("INVALID_PARAMETER_VALUE"):
            client.search_experiments(filter_string=text)
