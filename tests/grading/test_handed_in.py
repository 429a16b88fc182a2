"""Whose a notebook is, in whatever form a learning platform gives hand-ins."""

import io
import shutil
import unicodedata
import zipfile
from pathlib import Path

from workbook.errors import GradingError
from workbook_staff.grading.collect import HandedIn, ask_where_folders_are_weeks, find

import pytest

CANVAS = "meierjoerg_{}{}_{}_01_mnist_dense.ipynb"


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def put(folder: Path, *names: str, content: bytes = b"{}") -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def zipped(path: Path, *names: str, content: bytes = b"{}") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return path


def students(found: list[HandedIn]) -> list[str]:
    return [one.student for one in found]


@pytest.mark.parametrize(
    ("name", "student", "number"),
    [
        ("submitted/anna/ps1/problem1.ipynb", "anna", ""),
        ("course/submitted/bert/ps 2/01.ipynb", "bert", ""),
        ("Anna Müller_12345_assignsubmission_file_/01.ipynb", "Anna Müller", "12345"),
        ("Group 1-Anna Berg_1001_assignsubmission_file_/01.ipynb", "Anna Berg", "1001"),
        ("Gruppe Rot-Anna-Lena Berg_1001_assignsubmission_file_/x.ipynb", "Anna-Lena Berg", "1001"),
        ("Lab 2b-An Li_7_assignsubmission_file_x.ipynb", "An Li", "7"),
        ("Anna-Lena Berg_1001_assignsubmission_file_/01.ipynb", "Anna-Lena Berg", "1001"),
        ("12345-67890 - Anna Berg - Nov 3, 2025 1130 PM/01.ipynb", "Anna Berg", "12345"),
        ("HW 1/12345-67890 - An-Na Li - 3 November, 2025 2330/x/01.ipynb", "An-Na Li", "12345"),
        ("1-2 - Zoë Ng - Jan 13, 2026 904 AM - hw - last.ipynb", "Zoë Ng", "1"),
        ("HW 1/Berg, Anna(aberg)/Submission attachment(s)/01.ipynb", "Berg, Anna", ""),
        ("Berg_Anna_aberg_307/20251103_01.ipynb", "Anna Berg", "307"),
        ("Anna Müller_12345_assignsubmission_file/01.ipynb", "Anna Müller", "12345"),
        ("山田 太郎_77_assignsubmission_file_01.ipynb", "山田 太郎", "77"),
        ("Group A_9_assignsubmission_onlinetext_/x/01.ipynb", "Group A", "9"),
        (CANVAS.format("", 4711, 99), "meierjoerg", "4711"),
        (CANVAS.format("LATE_", 4711, 99), "meierjoerg", "4711"),
        ("Assignment 1_ameier_attempt_2026-11-20-12-30-11_01.ipynb", "ameier", ""),
        ("anna/01_mnist_dense.ipynb", "anna", ""),
        ("anna/mine/deeper/01_mnist_dense.ipynb", "anna", ""),
        ("anna.ipynb", "anna", ""),
    ],
)
def test_whose_a_path_is(
    name: str, student: str, number: str, tmp_path: Path, scratch: Path
) -> None:
    put(tmp_path / "in", name)
    zipped(tmp_path / "in.zip", name)
    for given in ("in", "in.zip"):
        (one,) = find([str(tmp_path / given)], scratch)
        assert (one.student, one.who.number, one.refused) == (student, number, "")


@pytest.mark.parametrize(
    "names",
    [
        ["submissions/anna/small.ipynb", "submissions/bert/small.ipynb"],
        ["a/b/c/anna/small.ipynb", "a/b/c/bert/deeper/small.ipynb", "a/b/c/anna/plot.png"],
        ["hw1/anna.ipynb", "hw1/bert.ipynb", "hw1/anna.ipynb.txt"],
        ["export/anna/x.ipynb", "export/bert/x.ipynb", "README.html", "index.html"],
        ["anna/small.ipynb", "bert/small.ipynb", "bert/copy/small.ipynb"],
        ["anna/small.ipynb", "bert/first/small.ipynb", "bert/second/small.ipynb"],
        ["in/anna_small.ipynb", "in/bert_small.ipynb"],
    ],
)
def test_folders_that_all_share_are_nobody_s(
    names: list[str], tmp_path: Path, scratch: Path
) -> None:
    put(tmp_path / "in", *names)
    zipped(tmp_path / "in.zip", *names)
    for given in ("in", "in.zip"):
        found = students(find([str(tmp_path / given)], scratch, notebooks=["mnist"]))
        assert {name.removesuffix("_small") for name in found} - {"README"} == {"anna", "bert"}


def test_a_folder_of_the_course_s_notebooks_is_a_student_s(tmp_path: Path, scratch: Path) -> None:
    names = ["01_mnist.ipynb", "02_asl.ipynb", "02_asl (1).ipynb", "plot.png", "data.csv"]
    put(tmp_path / "in" / "anna", *names)
    found = find([str(tmp_path / "in")], scratch, notebooks=["01_mnist", "02_asl"])
    assert set(students(found)) == {"anna"} and len(found) == 3


@pytest.mark.parametrize(
    "names",
    [
        [f"week{w}/{n}/small.ipynb" for w in (1, 2) for n in ("anna", "bert")],
        [f"{w}/all/{n}/small.ipynb" for w in "ABC" for n in ("anna", "bert", "cleo")],
        [f"{w}/{n}/small.ipynb" for w, n in (("A", "anna"), ("A", "bert"), ("B", "cleo"))],
        [f"hw/{n}_01_mnist.ipynb" for n in ("anna", "bert", "cleo")],
        [f"x/{w}/{n}/small.ipynb.txt" for w in ("lab 1", "lab 2") for n in ("anna", "bert")],
    ],
)
def test_where_many_files_become_one_student_it_asks(
    names: list[str], tmp_path: Path, scratch: Path
) -> None:
    given = [str(put(tmp_path / "in", *names))]
    with pytest.raises(GradingError, match="--student-from"):
        find(given, scratch, notebooks=["01_mnist"])
    expression = r"([^/_]+)_[^/]*$" if "_" in names[0] else "([^/]+)/[^/]+$"
    found = students(find(given, scratch, expression))
    assert {"anna", "bert"} <= set(found) <= {"anna", "bert", "cleo"}


@pytest.mark.parametrize(
    "names",
    [
        ["Abgabe_Blatt_Gruppe_3/anna.ipynb", "Abgabe_Blatt_Gruppe_3/bert.ipynb"],
        [f"Lab_Two_Group_{n}/{n}{who}.ipynb" for n in (1, 2) for who in ("anna", "bert")],
        ["Kurs_Deep_Learning_2026/01_mnist_anna.ipynb", "Kurs_Deep_Learning_2026/01_mnist_b.ipynb"],
    ],
)
def test_a_groups_folder_that_is_called_as_ilias_calls_one_it_asks(
    names: list[str], tmp_path: Path, scratch: Path
) -> None:
    with pytest.raises(GradingError, match="--student-from"):
        find([str(put(tmp_path / "in", *names))], scratch, notebooks=["01_mnist"])


@pytest.mark.parametrize(
    "name",
    [
        "{}/lab_4_1_asl.ipynb",
        "{}/lab_4_1_asl.pdf",
        "hand-ins/{}/week_04_2026_last.ipynb",
        "{}/Deep_Learning_Lab_4/01_mnist.ipynb",
        "HW 1_{}_li_attempt_2026-11-20-12-30-11_01.ipynb",
    ],
)
def test_where_a_pattern_fits_by_chance_it_asks(name: str, tmp_path: Path, scratch: Path) -> None:
    given = str(put(tmp_path / "in", *(name.format(one) for one in ("anna", "bert", "cleo"))))
    with pytest.raises(GradingError, match="--student-from"):
        find([given], scratch, notebooks=["01_mnist"])


@pytest.mark.parametrize("file", ["lab_4_1_asl.ipynb", "My_first_network_2/asl.ipynb"])
@pytest.mark.parametrize(
    "others", ["{}", "1{}-2 - {} - Nov 3, 2025 1130 PM", "HW/{}, A(a{})/files"]
)
def test_a_file_that_a_pattern_fits_by_chance_is_its_folder_s(
    others: str, file: str, tmp_path: Path, scratch: Path
) -> None:
    names = [others.format(*[n] * others.count("{}")) for n in (1, 2, 3)]
    plain = put(tmp_path / "plain", *(f"{name}/small.ipynb" for name in names))
    chance = put(tmp_path / "in", *(f"{name}/small.ipynb" for name in names[1:]))
    put(chance, f"{names[0]}/{file}")
    assert students(find([str(chance)], scratch)) == students(find([str(plain)], scratch))


def test_students_of_canvas_in_two_folders_are_the_same(tmp_path: Path, scratch: Path) -> None:
    people = [("anna", 1), ("bert", 2), ("cleo", 3)]
    names = [f"hw{w}/{name}_{n}_{w}{n}_x.ipynb" for w in (1, 2) for name, n in people]
    found = find([str(put(tmp_path / "in", *names))], scratch)
    assert students(found) == ["anna", "anna", "bert", "bert", "cleo", "cleo"]


@pytest.mark.parametrize(
    "name", ["{0}_10{1}_7{1}_work.zip", "HW_{0}_attempt_2026-11-20-12-30-11_work.zip", "{0}.zip"]
)
@pytest.mark.parametrize("is_zip", [True, False])
def test_a_student_s_own_zip_is_called_by_its_name(
    name: str, is_zip: bool, tmp_path: Path, scratch: Path
) -> None:
    (tmp_path / "in").mkdir()
    for number, one in enumerate(("anna", "bert", "cleo")):
        inside = ["work/01_mnist.ipynb"] if number else ["01_mnist.ipynb", "plot.png"]
        zipped(tmp_path / "in" / name.format(one, number), *inside)
    given = tmp_path / "in"
    if is_zip:
        given = Path(shutil.make_archive(str(tmp_path / "all"), "zip", given))
    found = find([str(given)], scratch, notebooks=["01_mnist"])
    assert students(found) == ["anna", "bert", "cleo"]
    assert students(find([str(tmp_path / "in" / "*.zip")], scratch)) == students(found)


@pytest.mark.parametrize(
    "names",
    [
        ["{}/01_mnist.ipynb"],
        ["{}/01_mnist.ipynb", "{}/02_asl.ipynb", "{}/02_asl (1).ipynb"],
        ["{}/hw/01_mnist.ipynb", "{}/hw/plot.png"],
    ],
)
def test_folders_given_one_by_one_are_not_one_student(
    names: list[str], tmp_path: Path, scratch: Path
) -> None:
    people = ["anna", "bert", "cleo"]
    folder = put(tmp_path / "in", *(n.format(one) for n in names for one in people))
    folders = [str(folder / one) for one in people]
    files = [str(folder / names[0].format(one)) for one in people]
    archives = [shutil.make_archive(one, "zip", one) for one in folders]
    for given in (folders, files, archives):
        with pytest.raises(GradingError, match="give the folder above them"):
            find(given, scratch, notebooks=["01_mnist", "02_asl"])


def test_two_weeks_given_one_by_one_have_the_same_students(tmp_path: Path, scratch: Path) -> None:
    names = [f"week{w}/{n}/small.ipynb" for w in (1, 2) for n in ("anna", "bert", "cleo")]
    folder = put(tmp_path, *names)
    found = find([str(folder / "week1"), str(folder / "week2")], scratch)
    assert students(found) == ["anna", "anna", "bert", "bert", "cleo", "cleo"]


def test_a_file_is_called_by_its_student_without_the_notebook_s_name(
    tmp_path: Path, scratch: Path
) -> None:
    names = ["Anna Li - 01_mnist.ipynb", "anna_li_02_asl.ipynb", "01_mnist_1234567.ipynb"]
    names += ["Anna Li - 02_asl.ipynb", "01_mnist (1).ipynb", "02_asl-Copy1.ipynb"]
    found = find([str(put(tmp_path / "in", *names))], scratch, notebooks=["01_mnist", "02_asl"])
    assert students(found) == [
        *("01_mnist (1)", "02_asl-Copy1", "1234567", "Anna Li", "Anna Li", "anna_li"),
    ]


def test_a_colon_in_a_name_is_part_of_it(tmp_path: Path, scratch: Path) -> None:
    names = [f"{n}-7 - {who} - Nov 3, 2025 11:30 PM/x.ipynb" for n, who in ((1, "Anna"), (2, "Bo"))]
    path = zipped(tmp_path / "in.zip", *names, "C:/Li: Cleo/x.ipynb")
    assert students(find([str(path)], scratch)) == ["Anna", "Bo", "Li: Cleo"]


def test_a_student_of_ilias_has_several_notebooks(tmp_path: Path, scratch: Path) -> None:
    names = ["01_mnist.ipynb", "01_mnist (1).ipynb", "02_asl_final.ipynb", "mine.ipynb"]
    put(tmp_path / "in" / "Berg_Anna_aberg_307", *names)
    found = find([str(tmp_path / "in")], scratch, notebooks=["01_mnist", "02_asl"])
    assert set(students(found)) == {"Anna Berg"} and len(found) == 4


def test_files_of_other_kinds_are_a_line_for_each_student(tmp_path: Path, scratch: Path) -> None:
    names = ["anna.pdf", "bert.py", "cleo.7z", "dora.tar.gz", "emil.ipynb.txt", "finn.ipynb"]
    folders = [f"{name.partition('.')[0]}/hw.{name.partition('.')[2]}" for name in names]
    moodle = [f"{one}_7{n}_assignsubmission_file_/{one}" for n, one in enumerate(names)]
    for number, given in enumerate((names, folders, moodle)):
        found = find([str(put(tmp_path / str(number), *given))], scratch)
        refused = {one.student.partition(".")[0]: one.refused for one in found}
        assert list(refused) == ["anna", "bert", "cleo", "dora", "emil", "finn"]
        assert [name for name, why in refused.items() if not why] == ["emil", "finn"]
        assert "only zips are opened" in refused["dora"] and ".7z" in refused["cleo"]
        assert refused["anna"].endswith(".pdf")


@pytest.mark.parametrize("whose", ["{}", "in/section/{}", "{}_1001_assignsubmission_file_"])
@pytest.mark.parametrize("is_zip", [True, False])
def test_an_empty_folder_is_a_line(whose: str, is_zip: bool, tmp_path: Path, scratch: Path) -> None:
    folder = put(tmp_path / "given", f"{whose.format('anna')}/a.ipynb")
    for name in ("bert", "cleo/work", "anna/figures"):
        own, _, below = name.partition("/")
        (folder / whose.format(own) / below).mkdir(parents=True)
    put(folder, f"{whose.format('dora')}/.DS_Store")
    if is_zip:
        folder = Path(shutil.make_archive(str(tmp_path / "all"), "zip", folder))
    found = {one.student: one.refused for one in find([str(folder)], scratch)}
    assert list(found) == ["anna", "bert", "cleo", "dora"]
    assert [name for name, why in found.items() if not why] == ["anna"]
    assert all("but an empty folder" in why for why in list(found.values())[1:])


@pytest.mark.parametrize("inside", [[], ["__MACOSX/._a.ipynb", ".ipynb_checkpoints/a.ipynb"]])
@pytest.mark.parametrize("whose", ["{}.zip", "{}_7_assignsubmission_file_/hw.zip"])
def test_an_empty_zip_is_a_line(
    inside: list[str], whose: str, tmp_path: Path, scratch: Path
) -> None:
    folder = put(tmp_path / "in", f"{whose.format('anna').removesuffix('.zip')}/a.ipynb")
    (folder / whose.format("bert")).parent.mkdir(exist_ok=True)
    zipped(folder / whose.format("bert"), *inside)
    given = [folder, Path(shutil.make_archive(str(tmp_path / "all"), "zip", folder))]
    for one in given:
        found = find([str(one)], scratch)
        assert [f.student for f in found if not f.refused] == ["anna"] or len(found) == 2
        assert "bert" in students(found) and "nothing" in found[-1].refused


def test_a_few_of_a_platform_s_among_others_are_known(tmp_path: Path, scratch: Path) -> None:
    names = [f"student{letter}/a.ipynb" for letter in "abcdefg"]
    names += ["anna_1024_9024_a.ipynb", "HW 3_bert_attempt_2026-11-20-12-30-11_a.ipynb"]
    found = find([str(put(tmp_path / "in", *names))], scratch)
    assert students(found)[:2] == ["anna", "bert"] and len(found) == 9


def test_folders_of_weeks_are_nobody_s() -> None:
    def attempts(*places: str) -> dict[str, list[HandedIn]]:
        tried: dict[str, list[HandedIn]] = {}
        for place in places:
            tried.setdefault(place.partition("/")[0], []).append(HandedIn(place, Path(place)))
        return tried

    weeks = [f"week{week}/{name}.ipynb" for week in (1, 2) for name in ("anna", "bert", "cleo")]
    with pytest.raises(GradingError, match=r"week1.*week1/anna\.ipynb"):
        ask_where_folders_are_weeks(attempts(*weeks))
    for own in (
        [f"{name}/try{number}.ipynb" for name in ("anna", "bert") for number in (1, 2)],
        [f"{name}/{name} {which}.ipynb" for name in ("anna", "bert") for which in ("a", "b")],
        ["anna/draft.ipynb", "anna/final.ipynb", "bert/lab.ipynb"],
    ):
        ask_where_folders_are_weeks(attempts(*own))


def test_other_files_beside_a_notebook_are_no_line(tmp_path: Path, scratch: Path) -> None:
    names = [f"{n}/{f}" for n in ("anna", "bert") for f in ("a.ipynb", "a.pdf", "d.csv")]
    assert len(find([str(zipped(tmp_path / "in.zip", *names))], scratch)) == 2


@pytest.mark.parametrize("one", ["Müller Jörg", "山田 太郎", "Ελένη Νίκα"])
def test_names_in_zips_are_read_as_utf_8_first(one: str, tmp_path: Path, scratch: Path) -> None:
    name = f"{one}_1001_assignsubmission_file_/a.ipynb"
    path = _without_flag(tmp_path / "in.zip", name.encode())
    (found,) = find([str(path)], scratch)
    assert (found.student, found.remarks) == (one, ())


@pytest.mark.parametrize(("one", "alphabet"), [("Ольга", "cp1251"), ("山田", "cp932")])
def test_garbled_names_in_zips_are_told(
    one: str, alphabet: str, tmp_path: Path, scratch: Path
) -> None:
    path = _without_flag(tmp_path / "in.zip", f"{one}/a.ipynb".encode(alphabet))
    (found,) = find([str(path)], scratch)
    assert "may be garbled" in found.remarks[0] and not found.refused


def _without_flag(path: Path, name: bytes) -> Path:
    """Write a zip whose one name is in an alphabet that it does not tell."""
    zipped(path, "x" * len(name))
    path.write_bytes(path.read_bytes().replace(b"x" * len(name), name))
    return path


def test_a_name_in_two_unicode_forms_is_one_student(tmp_path: Path, scratch: Path) -> None:
    names = [unicodedata.normalize(form, "Jörg Bär") for form in ("NFC", "NFD")]
    path = zipped(tmp_path / "in.zip", *(f"{n}/a.ipynb" for n in ("Bo", *names)))
    assert students(find([str(path)], scratch)) == ["Bo", names[0], names[0]]


@pytest.mark.parametrize(
    "dates",
    [
        (
            "Nov 3, 2025 1130 PM",
            "Nov 12, 2025 1204 AM",
            "Nov 12, 2025 904 AM",
            "Nov 12, 2025 1204 PM",
            "Dec 1, 2025 904 AM",
            "Jan 2, 2026 1 00 PM",
        ),
        ("9 März, 2026 0905", "10 März, 2026 2330", "1 Oktober, 2026 0000", "1 Dez., 2026 0100"),
        ("31 janv. 2026 23 h 30", "9 févr. 2026 08 h 05", "1 juin 2026 0905", "1 août 2026 0905"),
        ("30 de enero de 2026 9:05", "3 de abr. de 2026 8.05 p. m.", "1 set 2026 1805"),
        ("30 maart, 2026 1130", "1 mei, 2026 1130", "9 oktober, 2026 1130", "1 mai, 2027 1130"),
        ("30 Mart 2025 0905", "5 Eki 2025 2330", "3 Kas 2025 2330", "1 Ara 2025 0905"),
        ("2025年9月13日 2330", "2025年11月3日 905", "2025年11月3日 2330", "2026年1月2日 0905"),
        ("2025. 9. 13. 2330", "2025. 11. 3. 905", "2025. 11. 13. 905", "2026. 1. 2. 905"),
    ],
)
def test_brightspace_s_attempts_are_in_order(
    dates: tuple[str, ...], tmp_path: Path, scratch: Path
) -> None:
    names = [f"1-2 - Anna Berg - {date}/x.ipynb" for date in dates]
    found = sorted(find([str(put(tmp_path / "in", *names))], scratch), key=lambda one: one.order)
    assert [one.place for one in found] == names
    assert {one.student for one in found} == {"Anna Berg"}


def test_an_expression_of_the_instructor_s_own(tmp_path: Path, scratch: Path) -> None:
    put(tmp_path / "in", "hw1--anna--final.ipynb", "hw1--bert--x.ipynb")
    given = [str(tmp_path / "in")]
    assert students(find(given, scratch, r"--(?P<student>\w+)--")) == ["anna", "bert"]
    assert students(find(given, scratch, r"--(\w+)--")) == ["anna", "bert"]
    for wrong, why in (("(", "expected a regular"), ("--", "has no group")):
        with pytest.raises(GradingError, match=why):
            find(given, scratch, wrong)


def test_canvas_tells_late_ones_and_later_ones(tmp_path: Path, scratch: Path) -> None:
    names = [CANVAS.format("", 1, 1000), CANVAS.format("LATE_", 1, 999)]
    found = find([str(put(tmp_path / "in", *names))], scratch)
    assert [bool(one.remarks) for one in sorted(found, key=lambda one: one.order)] == [True, False]


def test_students_of_one_name_are_told_apart(tmp_path: Path, scratch: Path) -> None:
    names = [f"Anna Li_{n}_assignsubmission_file_/a.ipynb" for n in (1, 2)]
    assert students(find([str(put(tmp_path / "in", *names))], scratch)) == [
        "Anna Li (1)",
        "Anna Li (2)",
    ]


def test_what_no_student_handed_in_is_left_out(tmp_path: Path, scratch: Path) -> None:
    names = ["__MACOSX/anna/._a.ipynb", ".git/a.ipynb", "anna/.ipynb_checkpoints/a.ipynb"]
    names += ["anna/._a.ipynb", "anna/notes.txt", "anna/a.ipynb"]
    put(tmp_path / "in", *names)
    zipped(tmp_path / "in.zip", *names)
    for given in ("in", "in.zip"):
        assert len(find([str(tmp_path / given)], scratch)) == 1


def test_patterns_and_files(tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "sub/anna/a.ipynb", "sub/bert/b.ipynb", "sub/bert/c.txt")
    assert students(find([str(tmp_path / "sub" / "*" / "*.ipynb")], scratch)) == ["anna", "bert"]
    monkeypatch.chdir(tmp_path)
    assert students(find(["sub/*"], scratch)) == ["anna", "bert"]
    assert students(find(["sub/anna/a.ipynb"], scratch)) == ["a"]
    for missing in ("nowhere", "sub/*.zip"):
        with pytest.raises(GradingError, match="no such folder, notebook, zip or pattern"):
            find([missing], scratch)


def test_a_zip_within_a_zip(tmp_path: Path, scratch: Path) -> None:
    inner, deepest = io.BytesIO(), io.BytesIO()
    for buffer, name, content in ((deepest, "a.ipynb", b"{}"), (inner, "mine/a.ipynb", b"{}")):
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(name, content)
            if buffer is inner:
                archive.writestr("more.zip", deepest.getvalue())
    name = "Anna_1_assignsubmission_file_/work.zip"
    zipped(tmp_path / "all.zip", name, content=inner.getvalue())
    found = find([str(tmp_path / "all.zip")], scratch)
    assert students(found) == ["Anna", "Anna"]
    assert sorted(one.refused for one in found) == ["", "a zip in a zip in a zip"]


def test_one_students_zip_takes_no_room_from_the_others(tmp_path: Path, scratch: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", *(f"{n}.ipynb" for n in range(2_100))).read_bytes()
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("eve/work.zip", inner)
        archive.writestr("gina/work.zip", b"no zip")
        archive.writestr("fred/a.ipynb", "{}")
    found = find([str(tmp_path / "all.zip")], scratch)
    assert [one.refused for one in found if one.student == "fred"] == [""]
    refused = [one.refused for one in found if one.student == "eve" and one.refused]
    assert refused == ["of its 2,100 files, only the first 2,000 are read"]
    assert ["not a zip" in one.refused for one in found if one.student == "gina"] == [True]
    assert len(found) == 2_003


def test_hostile_zips_write_nothing_outside(tmp_path: Path, scratch: Path) -> None:
    path = tmp_path / "in.zip"
    link = zipfile.ZipInfo("eve/link.ipynb")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../evil.ipynb", "{}")
        archive.writestr("/etc/absolute.ipynb", "{}")
        archive.writestr("eve\\..\\..\\windows.ipynb", "{}")
        archive.writestr("C:/Users/x.ipynb", "{}")
        archive.writestr(link, "/etc/passwd")
        archive.writestr("big/bomb.ipynb", b"\0" * 150_000_000)
        archive.writestr("anna/fine.ipynb", "{}")
    before = sorted(tmp_path.iterdir())
    found = {one.place: one.refused for one in find([str(path)], scratch)}
    assert sorted(tmp_path.iterdir()) == before
    assert all(one.stem == "file" for one in scratch.rglob("*") if one.is_file())
    assert found["anna/fine.ipynb"] == ""
    assert "150 MB" in found["big/bomb.ipynb"]
    assert "a link" in found["eve/link.ipynb"]
    assert sum("leads out" in why for why in found.values()) == 2
    assert len(found) == 7


def test_a_zip_that_lies_of_its_size(tmp_path: Path, scratch: Path) -> None:
    path = zipped(tmp_path / "in.zip", "eve/a.ipynb", content=b"x" * 100_000)
    path.write_bytes(path.read_bytes().replace((100_000).to_bytes(4, "little"), b"\1\0\0\0"))
    (one,) = find([str(path)], scratch)
    assert "cannot be unpacked" in one.refused


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\3\4" + b"\0" * 100])
def test_a_zip_that_is_none_is_a_line(content: bytes, tmp_path: Path, scratch: Path) -> None:
    path = tmp_path / "in.zip"
    path.write_bytes(content)
    (one,) = find([str(path)], scratch)
    assert "not a zip that can be read" in one.refused


def test_links_are_not_followed(tmp_path: Path, scratch: Path) -> None:
    put(tmp_path / "secret", "a.ipynb")
    put(tmp_path / "in", "anna/a.ipynb")
    (tmp_path / "in" / "eve.ipynb").symlink_to(tmp_path / "secret" / "a.ipynb")
    (tmp_path / "in" / "mallory").symlink_to(tmp_path / "secret")
    put(tmp_path / "in" / "oscar", "x")
    (tmp_path / "in" / "oscar" / "x").unlink()
    (tmp_path / "in" / "oscar" / "a.pdf").symlink_to(tmp_path / "secret" / "a.ipynb")
    found = {one.place: one.refused for one in find([str(tmp_path / "in")], scratch)}
    assert found == {
        "anna/a.ipynb": "",
        "eve.ipynb": "a link, not a file: what it points to is not read",
        "mallory/a link": "no notebook (.ipynb) was handed in, but a link",
        "oscar/a.pdf": "no notebook (.ipynb) was handed in, but a.pdf",
    }


def test_names_that_hide_or_turn_are_shown_plainly(tmp_path: Path, scratch: Path) -> None:
    (one,) = find([str(put(tmp_path / "in", "an\u202ena\n\t<b>/a.ipynb"))], scratch)
    assert one.student == "an na <b>"
