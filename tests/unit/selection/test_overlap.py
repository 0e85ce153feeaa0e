"""Targets that name the same places or lie in each other."""

from pathlib import Path

from receiver.selection.overlap import elsewhere, merged
from tests.unit.sweeping import HTTP, SPECTRUM, target


def test_files_of_one_folder_named_one_by_one_are_one_target(tmp_path: Path) -> None:
    one, two = target(tmp_path, keys=["b"]), target(tmp_path, keys=["a", "b"])
    (joined,) = merged([one, two, one])
    assert joined.keys == ("b", "a")


def test_a_place_named_twice_is_one_target(tmp_path: Path) -> None:
    assert len(merged([target(tmp_path), target(tmp_path)])) == 1


def test_what_is_held_against_other_jobs_stays_apart(tmp_path: Path) -> None:
    one, two = target(tmp_path), target(tmp_path, expectations=[SPECTRUM])
    assert merged([one, two]) == [one, two]


def test_a_folder_and_a_file_in_it_stay_apart(tmp_path: Path) -> None:
    assert len(merged([target(tmp_path), target(tmp_path, keys=["a"])])) == 2


def test_an_object_is_whose_folder_is_deepest(tmp_path: Path) -> None:
    outer, inner = target(tmp_path), target(tmp_path / "http" / "{DATE}")
    of_outer, of_inner = elsewhere([outer, inner], 0), elsewhere([outer, inner], 1)
    assert of_outer("http/20261122/x.log.gz")
    assert not of_outer("http/notes/x.log.gz")
    assert not of_outer("dns/20261122/x.log.gz")
    assert not of_inner("20261122/x.log.gz")


def test_of_equals_it_is_the_firsts(tmp_path: Path) -> None:
    twice = [target(tmp_path), target(tmp_path, expectations=[HTTP, SPECTRUM])]
    assert not elsewhere(twice, 0)("x.log.gz")
    assert elsewhere(twice, 1)("x.log.gz")


def test_an_object_named_outright_is_whoever_names_its(tmp_path: Path) -> None:
    both = [target(tmp_path / "http"), target(tmp_path, keys=["http/x.log.gz"])]
    assert elsewhere(both, 0)("x.log.gz")
    assert not elsewhere(both, 0)("y.log.gz")
    assert not elsewhere(both, 1)("http/x.log.gz")


def test_folders_whose_names_begin_alike_have_nothing_to_do_with_each_other(tmp_path: Path) -> None:
    beside = [target(tmp_path / "http"), target(tmp_path / "http-staging" / "logs")]
    assert not elsewhere(beside, 0)("-staging/logs/x.log.gz")
