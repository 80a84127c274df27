"""Turn the source tree into deployable packages, in place of the conversion for which CumulusCI calls the sf CLI; deploy them."""

from __future__ import annotations

import shutil
from pathlib import Path

from cumulusci.core.exceptions import CumulusCIException
from cumulusci.core.tasks import BaseTask
from cumulusci.tasks.salesforce import Deploy

from clmkit.codegen.mdapi import Package, UnsupportedSource, convert_source, split_settings
from clmkit.codegen.tree import read_package


class BuildMetadata(BaseTask):  # type: ignore[misc]  # CumulusCI is untyped
    """Write `<output>/settings` and `<output>/project`, each a folder with its own package.xml.

    Two packages, because a setting has to be in the org before the Apex that relies on it is compiled. The project package
    holds what the team wrote by hand as well as what was generated. No Node, no sf CLI.
    """

    task_options = {  # noqa: RUF012 - CumulusCI reads the class attribute
        "source": {"description": "The package directory in source format. Default: force-app"},
        "output": {"description": "Where the two packages are written; emptied first. Default: build/mdapi"},
    }

    def _run_task(self) -> None:
        root = Path(self.project_config.repo_root)
        source = root / (self.options.get("source") or "force-app")
        output = root / (self.options.get("output") or "build/mdapi")
        api_version = str(self.project_config.project__package__api_version)
        try:
            self.return_values = build_packages(source, output, api_version)
        except UnsupportedSource as error:
            raise CumulusCIException(str(error)) from error
        except FileNotFoundError as error:
            raise CumulusCIException(
                f"{source}: holds no Salesforce metadata; run `clmkit generate` first ({error})"
            ) from error
        counts = self.return_values
        self.logger.info("%s: %d settings, %d components", output, counts["settings"], counts["project"])


class DeployPackage(Deploy):  # type: ignore[misc]  # CumulusCI is untyped
    """CumulusCI's deploy, but a package that is not there is an error: CumulusCI warns, skips it, and the flow succeeds."""

    def _get_package_zip(self, path: str) -> object:
        if not Path(path, "package.xml").is_file():
            raise CumulusCIException(f"{path}: no package to deploy; run `cci task run build_metadata` first")
        return super()._get_package_zip(path)


def build_packages(source: Path, output: Path, api_version: str) -> dict[str, int]:
    """Convert the source tree and write both packages; how many components each holds. Raises FileNotFoundError when empty."""
    tree = read_package(source)
    if not tree:
        raise FileNotFoundError("no file found below generated/ or extensions/")
    settings, project = split_settings(convert_source(tree, api_version), api_version)
    shutil.rmtree(output, ignore_errors=True)
    _write(settings, output / "settings")
    _write(project, output / "project")
    return {"settings": len(settings.components), "project": len(project.components)}


def _write(package: Package, folder: Path) -> None:
    for path, content in package.files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
