"""The migrations publish the catalogue."""

import hashlib
import json

from billing.domain.catalogue import Catalogue
from chassis import migrations
from chassis.runner import folder_of
from chassis.testing.databases import Templates

from .factories import shipped

FOLDER = folder_of("billing")
PUBLISHED = {1: "bc26367c9fe620fa", 2: "753597cee392f119", 3: "bc3b69e5f3dc1b4f"}
"""How the SHA-256 of every published catalogue begins: what has a number never changes; a change gets the next number and a migration."""


def test_the_shipped_catalogue_is_published_once(templates: Templates) -> None:
    database = templates.empty()
    migrations.upgrade(FOLDER, database.url)
    migrations.downgrade(FOLDER, database.url, "0001")
    migrations.upgrade(FOLDER, database.url)
    [row] = database.query("SELECT version, content FROM catalogues")
    assert row == {"version": shipped()["version"], "content": shipped()}
    assert Catalogue.read(row["content"]) == Catalogue.read(shipped())
    database.drop()


def test_a_published_catalogue_is_never_edited() -> None:
    content = shipped()
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    assert digest.startswith(PUBLISHED[content["version"]]), f"version {content['version']} is published: give the change the next number"
