"""Model registry: models, versions, stages, aliases, tags, search."""

from harness import equal, refused


def new_version(client, name, run_id=None, **more):
    """A version whose source is the artifact folder of a run of its own."""
    if run_id is None:
        run_id = client.create_run(client.create_experiment(f"{name}-{len(client.search_experiments())}")).info.run_id
    source = client.get_run(run_id).info.artifact_uri + "/model"
    return client.create_model_version(name, source, run_id, **more)


def check_model_life(client, name):
    created = client.create_registered_model(name, tags={"team": "a"}, description="first")
    equal((created.name, created.description, created.tags), (name, "first", {"team": "a"}))
    assert created.creation_timestamp > 0
    with refused("RESOURCE_ALREADY_EXISTS", name):
        client.create_registered_model(name)
    client.update_registered_model(name, description="zweite Fassung ä")
    equal(client.get_registered_model(name).description, "zweite Fassung ä")
    client.delete_registered_model(name)
    with refused("RESOURCE_DOES_NOT_EXIST", name):
        client.get_registered_model(name)


def check_bad_names_are_refused(client, name):
    for bad in ("", "a/b", "a:b"):
        with refused("INVALID_PARAMETER_VALUE"):
            client.create_registered_model(bad)


def check_versions_count_up_and_are_not_reused(client, name):
    client.create_registered_model(name)
    versions = [new_version(client, name) for _ in range(3)]
    equal([str(version.version) for version in versions], ["1", "2", "3"])
    equal([version.status for version in versions], ["READY"] * 3)
    client.delete_model_version(name, "2")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_model_version(name, "2")
    equal(str(new_version(client, name).version), "4")


def check_version_fields(client, name):
    client.create_registered_model(name)
    version = new_version(client, name, description="d", tags={"k": "v"})
    found = client.get_model_version(name, version.version)
    equal((found.name, found.description, found.tags), (name, "d", {"k": "v"}))
    equal(found.source, client.get_run(found.run_id).info.artifact_uri + "/model")
    equal(client.get_model_version_download_uri(name, version.version), found.source)
    client.update_model_version(name, version.version, description="new")
    changed = client.get_model_version(name, version.version)
    equal(changed.description, "new")
    assert changed.last_updated_timestamp >= found.last_updated_timestamp


def check_stages(client, name):
    client.create_registered_model(name)
    for _ in range(3):
        new_version(client, name)
    client.transition_model_version_stage(name, "1", "staging")
    client.transition_model_version_stage(name, "2", "Production")
    client.transition_model_version_stage(name, "3", "Production", archive_existing_versions=True)
    stages = {str(v.version): v.current_stage for v in client.search_model_versions(f"name = '{name}'")}
    equal(stages, {"1": "Staging", "2": "Archived", "3": "Production"})
    latest = {v.current_stage: str(v.version) for v in client.get_latest_versions(name)}
    equal(latest, {"Staging": "1", "Archived": "2", "Production": "3"})
    equal([str(v.version) for v in client.get_latest_versions(name, ["Production"])], ["3"])
    with refused("INVALID_PARAMETER_VALUE"):
        client.transition_model_version_stage(name, "1", "Nowhere")


def check_aliases(client, name):
    client.create_registered_model(name)
    for _ in range(2):
        new_version(client, name)
    client.set_registered_model_alias(name, "champion", "1")
    client.set_registered_model_alias(name, "challenger", "1")
    client.set_registered_model_alias(name, "champion", "2")
    equal(str(client.get_model_version_by_alias(name, "champion").version), "2")
    equal({k: str(v) for k, v in client.get_registered_model(name).aliases.items()}, {"champion": "2", "challenger": "1"})
    equal(client.get_model_version(name, "2").aliases, ["champion"])
    client.delete_registered_model_alias(name, "challenger")
    client.delete_registered_model_alias(name, "challenger")
    with refused("INVALID_PARAMETER_VALUE", "challenger"):
        client.get_model_version_by_alias(name, "challenger")
    with refused("INVALID_PARAMETER_VALUE"):
        client.set_registered_model_alias(name, "latest", "1")
    with refused("INVALID_PARAMETER_VALUE"):
        client.set_registered_model_alias(name, "v3", "1")
    client.delete_model_version(name, "2")
    equal(client.get_registered_model(name).aliases, {})


def check_tags(client, name):
    client.create_registered_model(name)
    new_version(client, name)
    client.set_registered_model_tag(name, "a", "1")
    client.set_registered_model_tag(name, "a", "2")
    client.set_model_version_tag(name, "1", "größe", "ü" * 5000)
    equal(client.get_registered_model(name).tags, {"a": "2"})
    equal(client.get_model_version(name, "1").tags, {"größe": "ü" * 5000})
    client.delete_registered_model_tag(name, "a")
    client.delete_registered_model_tag(name, "a")
    client.delete_model_version_tag(name, "1", "größe")
    equal((client.get_registered_model(name).tags, client.get_model_version(name, "1").tags), ({}, {}))


def check_rename_takes_versions_and_aliases_along(client, name):
    client.create_registered_model(name)
    new_version(client, name)
    client.set_registered_model_alias(name, "champion", "1")
    client.rename_registered_model(name, name + "-new")
    equal(client.get_model_version_by_alias(name + "-new", "champion").name, name + "-new")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_registered_model(name)
    client.create_registered_model(name)
    with refused("RESOURCE_ALREADY_EXISTS"):
        client.rename_registered_model(name, name + "-new")


def check_search_models(client, name):
    for part, color in (("a", "red"), ("B", "blue"), ("c", "red")):
        client.create_registered_model(f"{name}-{part}", tags={"color": color})

    def search(text, **more):
        return [m.name.removeprefix(name + "-") for m in client.search_registered_models(filter_string=text, **more)]

    equal(sorted(search(f"name LIKE '{name}-%'")), ["B", "a", "c"])
    equal(search(f"name ILIKE '{name}-b'"), ["B"])
    equal(search(f"name = '{name}-c'"), ["c"])
    equal(sorted(search(f"name LIKE '{name}-%' AND tags.color = 'red'")), ["a", "c"])
    equal(search(f"name LIKE '{name}-%' AND tag.color != 'red'"), ["B"])
    equal(search(f"name LIKE '{name}-%'", order_by=["timestamp DESC", "name ASC"])[-1:], ["a"])
    page = client.search_registered_models(f"name LIKE '{name}-%'", max_results=2)
    rest = client.search_registered_models(f"name LIKE '{name}-%'", max_results=2, page_token=page.token)
    equal((len(page), len(rest), rest.token or None), (2, 1, None))


def check_search_versions(client, name):
    client.create_registered_model(name)
    run_id = client.create_run(client.create_experiment(name)).info.run_id
    new_version(client, name, run_id, tags={"quality": "good"})
    new_version(client, name)
    new_version(client, name, run_id)

    def search(text, **more):
        return [str(v.version) for v in client.search_model_versions(f"name = '{name}' AND {text}", **more)]

    newest_first = ["version_number DESC"]
    equal(search(f"run_id = '{run_id}'", order_by=newest_first), ["3", "1"])
    equal(search("tags.quality = 'good'"), ["1"])
    equal(search("version_number > 1", order_by=["version_number ASC"]), ["2", "3"])
    equal(search("version_number = 2"), ["2"])
    equal(search(f"run_id IN ('{run_id}')", order_by=newest_first), ["3", "1"])
    equal(search(f"source_path LIKE '%{run_id}%'", order_by=newest_first), ["3", "1"])
    equal(search("version_number >= 1", order_by=newest_first, max_results=2), ["3", "2"])


def check_deleting_a_model_takes_its_versions(client, name):
    client.create_registered_model(name)
    new_version(client, name)
    client.delete_registered_model(name)
    equal(list(client.search_model_versions(f"name = '{name}'")), [])
    client.create_registered_model(name)
    equal(list(client.get_registered_model(name).latest_versions), [])


def check_local_source_outside_the_run_is_refused(client, name):
    client.create_registered_model(name)
    for source in ("/etc", "file:///etc/passwd", "../../secrets", "mlflow-artifacts:/../../etc"):
        with refused("INVALID_PARAMETER_VALUE"):
            client.create_model_version(name, source)
