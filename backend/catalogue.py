"""The deployment's catalogue: what is handled, by whom, where. Shipped as `data/catalogue/*.yml`;
a deployment changes it in the console (backend/deployment).

Everything is checked when it is built; a `CatalogueError` names the file and the entry, so that
whoever edits the data can mend it. The result is immutable; that of a folder is cached until a
file changes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backend.data_file import read_yaml

Level = Literal["township", "county"]
Urgency = Literal["low", "normal", "high", "emergency"]
UnitType = Literal["county", "department", "township", "office", "station", "community", "village"]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
DivisionCode = Annotated[str, Field(pattern=r"^\d{6,12}$")]
Name = Annotated[str, Field(min_length=1, max_length=60)]
Days = Annotated[int, Field(ge=0, le=365)]

# Latitude, longitude in GCJ-02, as Chinese maps and WeChat give them; the bounds are China's, so
# that one written the wrong way round is noticed.
Latitude = Annotated[float, Field(ge=3, le=54)]
Longitude = Annotated[float, Field(ge=73, le=136)]
Point = Annotated[tuple[Latitude, Longitude], Field(strict=False)]

FILES = ("services.yml", "organisation.yml", "dispatch.yml", "divisions.yml")


class CatalogueError(ValueError):
    """The catalogue is wrong; the message names the file and the entry."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Deadline(_Entry):
    """Working days to answer, by urgency."""

    low: Days
    normal: Days
    high: Days
    emergency: Days

    def days(self, urgency: Urgency) -> int:
        return int(getattr(self, urgency))


class Service(_Entry):
    """One domain of the service catalogue. `lead` is the function of the lead office at `level`;
    `words` are what people say when they mean it."""

    code: Code
    name: Name
    level: Level
    lead: Code
    deadline: Deadline
    words: list[Name] = Field(min_length=1)


class Unit(_Entry):
    """One unit of the organisation tree; only the county has no parent. `division` is the code of
    the county, township, village or community it serves. One that is not active gets nothing."""

    code: Code
    name: Name
    type: UnitType
    parent: Code | None = None
    function: Code | None = None
    division: DivisionCode | None = None
    active: bool = True


class Leading(_Entry):
    """Functions of the offices that handle a domain at one level."""

    lead: Code
    assisting: list[Code] = []


class DispatchRule(_Entry):
    township: Leading
    county: Leading


class Village(_Entry):
    code: DivisionCode
    name: Name
    aliases: list[Name] = []
    landmarks: list[Name] = []
    at: Point | None = None


class Township(_Entry):
    code: DivisionCode
    name: Name
    aliases: list[Name] = []
    landmarks: list[Name] = []
    at: Point | None = None
    villages: list[Village]


class County(_Entry):
    code: DivisionCode
    name: Name
    aliases: list[Name] = []


class _Services(_Entry):
    services: list[Service] = Field(min_length=1)


class _Organisation(_Entry):
    units: list[Unit] = Field(min_length=1)


class _Dispatch(_Entry):
    dispatch: dict[str, DispatchRule]


class _Divisions(_Entry):
    county: County
    townships: list[Township]


@dataclass(frozen=True)
class Division:
    """A county, township, village or community. `names`: its name, aliases; `landmarks`: estates,
    roads and so on that lie in it. `parent` is a division's code, None for the county. `at`: its
    middle, latitude and longitude, where known."""

    code: str
    name: str
    level: Literal["county", "township", "village"]
    parent: str | None
    names: tuple[str, ...]
    landmarks: tuple[str, ...] = ()
    at: tuple[float, float] | None = None


@dataclass(frozen=True)
class Offices:
    """Unit codes of who handles a petition: `lead` 主办, `assisting` 协办."""

    lead: str
    assisting: tuple[str, ...]


@dataclass(frozen=True)
class Gap:
    """A rule of `domain` names a function that no unit under `parent` (a unit's code) has: what
    it should get goes to `parent` itself."""

    domain: str
    parent: str
    function: str


@dataclass(frozen=True)
class Catalogue:
    """Everything under data/catalogue but the working days (backend.petitions.deadline)."""

    services: Mapping[str, Service]
    organisation: Mapping[str, Unit]
    dispatch: Mapping[str, DispatchRule]
    divisions: Mapping[str, Division]

    @cached_property
    def county(self) -> Unit:
        return next(unit for unit in self.organisation.values() if unit.parent is None)

    def township_of(self, division: str | None) -> Unit | None:
        """The township unit that serves a division (a township, village or community code)."""
        while division is not None and division in self.divisions:
            found = self.divisions[division]
            if found.level == "township":
                return self._township_units.get(found.code)
            division = found.parent
        return None

    def within(self, division: str) -> tuple[str, ...]:
        """The codes of a division and of all below it."""
        found = [division]
        for one in self.divisions.values():  # parents stand before their children
            if one.parent in found:
                found.append(one.code)
        return tuple(found)

    def offices(self, domain: str, division: str | None, level: Level | None = None) -> Offices:
        """Who handles `domain` for a petition from `division`. `level` None: the domain's own; a
        township's matter of unknown place goes to the county. Where a function has no unit, the
        township or county itself leads. KeyError for an unknown domain."""
        rule = self.dispatch[domain]
        township = self.township_of(division)
        if (level or self.services[domain].level) == "township" and township is not None:
            leading, parent = rule.township, township.code
        else:
            leading, parent = rule.county, self.county.code
        units = self._by_function
        lead = units.get((parent, leading.lead), parent)
        assisting = (units.get((parent, function)) for function in leading.assisting)
        return Offices(lead, tuple(code for code in assisting if code and code != lead))

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """Functions that the dispatch rules name and no unit has, in the rules' order."""
        townships = [unit.code for unit in self._township_units.values()]
        return tuple(
            Gap(domain, parent, function)
            for domain, rule in self.dispatch.items()
            for leading, parents in ((rule.township, townships), (rule.county, [self.county.code]))
            for function in (leading.lead, *leading.assisting)
            for parent in parents
            if (parent, function) not in self._by_function
        )

    @cached_property
    def _township_units(self) -> Mapping[str, Unit]:
        units = self.organisation.values()
        return {u.division: u for u in units if u.type == "township" and u.division and u.active}

    @cached_property
    def _by_function(self) -> Mapping[tuple[str | None, str], str]:
        units = self.organisation.values()
        return {(u.parent, u.function): u.code for u in units if u.function and u.active}


def load_catalogue(folder: Path) -> Catalogue:
    """Read and check the four files in `folder`. Raises CatalogueError (missing file included)."""
    try:
        stamps = tuple((folder / name).stat().st_mtime_ns for name in FILES)
    except OSError as error:
        raise CatalogueError(f"{error.filename}: {error.strerror}") from error
    return _load(folder.resolve(), stamps)


@lru_cache(maxsize=4)
def _load(folder: Path, _stamps: tuple[int, ...]) -> Catalogue:
    catalogue = build_catalogue({name: _read(folder / name) for name in FILES}, folder)
    for gap in catalogue.gaps:
        level = "county" if gap.parent == catalogue.county.code else "township"
        raise CatalogueError(
            f"{folder / 'dispatch.yml'}: dispatch.{gap.domain}.{level}: no unit under {gap.parent} "
            f"has the function {gap.function!r}"
        )
    return catalogue


def build_catalogue(contents: Mapping[str, object], folder: Path = Path()) -> Catalogue:
    """Check the contents of the four files by name (`FILES`). Raises CatalogueError, naming files
    as if they lay in `folder`. `gaps` are allowed: a deployment's tree may be small."""
    services_file, organisation_file, dispatch_file, divisions_file = (folder / n for n in FILES)
    services = _unique(
        services_file, _checked(services_file, contents, _Services).services, "services"
    )
    units = _unique(
        organisation_file, _checked(organisation_file, contents, _Organisation).units, "units"
    )
    dispatch = _checked(dispatch_file, contents, _Dispatch).dispatch
    divisions = _flatten(divisions_file, _checked(divisions_file, contents, _Divisions))
    _check_organisation(organisation_file, units, divisions)
    _check_dispatch(folder, services, dispatch)
    return Catalogue(services, units, dispatch, divisions)


def _read(file: Path) -> object:
    try:
        return read_yaml(file)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CatalogueError(f"{file}: {error}") from error


def _checked[Model: BaseModel](
    file: Path, contents: Mapping[str, object], model: type[Model]
) -> Model:
    content = contents[file.name]
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise CatalogueError(f"{file}: {_where(content, first['loc'])}: {first['msg']}") from error


def _where(content: object, location: tuple[int | str, ...]) -> str:
    """`services.3.level` as people find it: the entry's own code stands for its position."""
    words: list[str] = []
    for step in location:
        if isinstance(step, int) and isinstance(content, list):
            content = content[step] if step < len(content) else None
            code = content.get("code") if isinstance(content, dict) else None
            words.append(str(code or step))
        else:
            content = content.get(step) if isinstance(content, dict) else None
            words.append(str(step))
    return ".".join(words) or "the whole file"


def _unique[Coded: (Service, Unit)](
    file: Path, entries: Iterable[Coded], name: str
) -> dict[str, Coded]:
    found: dict[str, Coded] = {}
    for entry in entries:
        if entry.code in found:
            raise CatalogueError(f"{file}: {name}.{entry.code}: the code is used twice")
        found[entry.code] = entry
    return found


def _flatten(file: Path, content: _Divisions) -> dict[str, Division]:
    county = content.county
    found = [Division(county.code, county.name, "county", None, (county.name, *county.aliases))]
    for town in content.townships:
        found.append(_division(town, "township", county.code))
        found += [_division(village, "village", town.code) for village in town.villages]
    divisions: dict[str, Division] = {}
    for division in found:
        if division.code in divisions:
            raise CatalogueError(f"{file}: {division.code} {division.name}: the code is used twice")
        divisions[division.code] = division
    return divisions


def _division(
    entry: Village | Township, level: Literal["township", "village"], parent: str
) -> Division:
    names, landmarks = (entry.name, *entry.aliases), tuple(entry.landmarks)
    return Division(entry.code, entry.name, level, parent, names, landmarks, entry.at)


def _check_organisation(
    file: Path, units: Mapping[str, Unit], divisions: Mapping[str, Division]
) -> None:
    roots = [unit.code for unit in units.values() if unit.parent is None]
    if len(roots) != 1 or units[roots[0]].type != "county":
        raise CatalogueError(f"{file}: exactly one county without a parent is needed, not {roots}")
    functions: set[tuple[str | None, str]] = set()
    for unit in units.values():
        where = f"{file}: units.{unit.code}"
        if unit.parent is not None and unit.parent not in units:
            raise CatalogueError(f"{where}: no unit has the code {unit.parent!r} (parent)")
        if unit.division is not None and unit.division not in divisions:
            raise CatalogueError(f"{where}: divisions.yml has no {unit.division!r}")
        if unit.function is not None:
            if (unit.parent, unit.function) in functions:
                raise CatalogueError(f"{where}: {unit.function!r} is done by two units of a parent")
            functions.add((unit.parent, unit.function))
        seen = {unit.code}
        parent = unit.parent
        while parent is not None:
            if parent in seen:
                raise CatalogueError(f"{where}: its parents go round in a circle")
            seen.add(parent)
            parent = units[parent].parent if parent in units else None


def _check_dispatch(
    folder: Path, services: Mapping[str, Service], dispatch: Mapping[str, DispatchRule]
) -> None:
    file = folder / "dispatch.yml"
    different = set(services) ^ set(dispatch)
    if different:
        raise CatalogueError(
            f"{file}: dispatch: {sorted(different)[0]} is not in both dispatch.yml and services.yml"
        )
    for domain, rule in dispatch.items():
        leading: dict[Level, Leading] = {"township": rule.township, "county": rule.county}
        service = services[domain]
        if service.lead != leading[service.level].lead:
            raise CatalogueError(
                f"{folder / 'services.yml'}: services.{domain}: lead {service.lead!r} differs from "
                f"dispatch.yml, {domain}.{service.level} ({leading[service.level].lead!r})"
            )
