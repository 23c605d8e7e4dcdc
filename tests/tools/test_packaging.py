"""The distribution can be installed: by pip, from the app page, with containers."""

import ast
import re
import struct
import tomllib

import pytest
import yaml

from tools.dev import odoo_config
from tools.dev.paths import ADDON, ROOT
from tools.series import ladder

SOURCE = ROOT / ADDON
DESCRIPTION = SOURCE / "static" / "description"


@pytest.fixture(scope="module")
def manifest():
    return ast.literal_eval((SOURCE / "__manifest__.py").read_text())


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def test_pip_builds_it_like_an_oca_addon():
    build = tomllib.loads((SOURCE / "pyproject.toml").read_text())["build-system"]
    assert build == {"requires": ["whool"], "build-backend": "whool.buildapi"}


@pytest.mark.parametrize("series", ladder.SERIES)
def test_every_series_can_be_built(series):
    files = ladder.derive(SOURCE, series)
    assert any(str(name) == "pyproject.toml" for name in files)
    assert re.fullmatch(rf"{series}\.\d+\.\d+\.\d+", ladder.version_of(files))


def test_requirements_equal_those_of_the_manifest(manifest):
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert sorted(wanted) == sorted(manifest["external_dependencies"]["python"])


def test_the_app_page_has_its_pictures(manifest):
    page = (DESCRIPTION / "index.html").read_text()
    pictures = re.findall(r'src="([^"]+)"', page)
    assert pictures
    for name in pictures:
        assert (DESCRIPTION / name).is_file(), name
    assert manifest["images"] == ["static/description/banner.png"]
    assert _size(DESCRIPTION / "banner.png") == (560, 280)
    assert _size(DESCRIPTION / "icon.png") == (140, 140)


def _size(path):
    return struct.unpack(">II", path.read_bytes()[16:24])


def test_containers_mount_existing_folders(services):
    for service in services.values():
        for volume in service.get("volumes", ()):
            place = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", volume).split(":")[0]
            if place.startswith("."):
                assert (ROOT / place).is_dir(), place
    requirements = re.search(r"-r (\S+)", services["sandbox"]["command"])[1]
    assert (ROOT / requirements).is_file()


def test_odoo_container_runs_queue_job_of_its_series(services):
    odoo = services["odoo"]
    assert odoo["image"] == "odoo:${SERIES:-19.0}"
    assert odoo["environment"]["SERIES"] == "${SERIES:-19.0}"
    assert odoo["environment"]["ODOO_QUEUE_JOB_CHANNELS"] == odoo_config.CHANNELS
    assert odoo["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_odoo_and_the_marketplace_can_be_opened(services):
    assert services["odoo"]["ports"] == ["8069:8069"]
    assert services["sandbox"]["ports"] == ["8099:8099"]
    assert "--port 8099" in services["sandbox"]["command"]


def test_issue_templates_are_valid_github_forms():
    for path in sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")):
        form = yaml.safe_load(path.read_text())
        if path.name == "config.yml":
            continue
        assert {"name", "description", "body"} <= form.keys(), path.name
        kinds = {field["type"] for field in form["body"]}
        assert kinds <= {"input", "textarea", "dropdown", "checkboxes", "markdown"}
        ids = [field["id"] for field in form["body"]]
        assert len(ids) == len(set(ids))
