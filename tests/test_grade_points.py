"""Points, lists of a course, what Canvas and Moodle import, and the page for the lecture."""

import csv

import pytest

from fysstk_book.exercises import catalogue, find
from fysstk_book.grade import points, report
from fysstk_book.grade.__main__ import main
from fysstk_book.grade.intake import Submission
from fysstk_book.grade.table import Row

WORTH = {"one-cost": 1.0, "one-delta": 2.5}
MISTAKE = find("one-cost").mistakes[0]
ROWS = [
    Row("Ada Berg", "one-cost", "right", ""),
    Row("Ada Berg", "one-delta", "right up to a convention", "the sum"),
    Row("benito", "one-cost", "known mistake", MISTAKE.name),
    Row("benito", "one-delta", "not attempted", ""),
    Row("doejane", "one-cost", "right", ""),
    Row("doejane", "", "late", "x"),
]
SUBMISSIONS = [Submission("Ada Berg", "471"), Submission("benito"), Submission("doejane", "12345")]
SUBMISSIONS += [Submission("x")]

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Week 40
    Points Possible,,,,,10
"Doe, Jane",12345,s1,jane@uio.no,A,3
"Berg, Ada",12346,s2,ada@uio.no,A,4
"Øy, Benito",12347,s3,benito@uio.no,B,
"Gone, Gil",12348,s4,gil@uio.no,B,
"""
MOODLE = """\
Identifier;Full name;Email address;Status;Grade;Maximum Grade
Participant 471;Ada Berg;ada@uio.no;Submitted;;100,00
Participant 472;Benito Øy;benito@uio.no;Submitted;;100,00
Participant 473;Gil Gone;gil@uio.no;No submission;;100,00
"""


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_points_are_for_what_is_right():
    scores = points.score(ROWS, WORTH)
    assert scores.most == 3.5
    assert [scores.total(name) for name in ("Ada Berg", "benito", "doejane", "nobody")] == [3.5, 0, 1, 0]
    assert points.overview(scores, ["Ada Berg", "doejane"]) == [
        ["student", "points", "of", "one-cost", "one-delta"],
        ["Ada Berg", 3.5, 3.5, 1.0, 2.5],
        ["doejane", 1.0, 3.5, 1.0, 0.0],
    ]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_list_of_points_is_read_whatever_wrote_it(codec, tmp_path):
    path = tmp_path / "points.csv"
    path.write_bytes("Exercise;Points\r\none-cost;1\r\none-delta;2,5\r\n".encode(codec))
    assert points.read_points(path) == WORTH


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("exercise,points\none-costs,1\n", "there is no exercise 'one-costs'"),
        ("exercise,points\none-cost,many\n", "'many', which is no number"),
        ("a,b\n1,2\n", "expected the columns exercise and points, not a, b"),
        ("exercise,points\n", "at least one more"),
        ("", "at least one more"),
    ],
)
def test_a_list_of_points_that_is_none(text, words, tmp_path):
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(ValueError, match=words):
        points.read_points(tmp_path / "p.csv")


def test_canvas(tmp_path):
    (tmp_path / "c.csv").write_text(CANVAS)
    people = points.read_roster(tmp_path / "c.csv")
    assert len(people) == 4
    found, strangers = points.match(people, SUBMISSIONS)
    assert {name: person.number for name, person in found.items()} == {
        "Ada Berg": "12346",
        "benito": "12347",
        "doejane": "12345",
    }
    assert strangers == ["x"]
    assert points.absent(people, found) == [Row("Gone, Gil", "", "nothing returned", "")]
    name, lines = points.for_platform(points.score(ROWS, WORTH), people, found, "Week 41")
    assert name == "canvas"
    assert lines == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Week 41"],
        ["Points Possible", "", "", "", "", 3.5],
        ["Doe, Jane", "12345", "s1", "jane@uio.no", "A", 1.0],
        ["Berg, Ada", "12346", "s2", "ada@uio.no", "A", 3.5],
        ["Øy, Benito", "12347", "s3", "benito@uio.no", "B", 0.0],
        ["Gone, Gil", "12348", "s4", "gil@uio.no", "B", ""],
    ]


def test_moodle(tmp_path):
    (tmp_path / "m.csv").write_bytes(MOODLE.encode("cp1252"))
    people = points.read_roster(tmp_path / "m.csv")
    found, strangers = points.match(people, SUBMISSIONS)
    assert found.keys() == {"Ada Berg", "benito"}
    assert strangers == ["doejane", "x"]
    name, lines = points.for_platform(points.score(ROWS, WORTH), people, found, "ignored")
    assert name == "moodle"
    assert lines == [
        ["Identifier", "Full name", "Email address", "Grade"],
        ["Participant 471", "Ada Berg", "ada@uio.no", 3.5],
        ["Participant 472", "Benito Øy", "benito@uio.no", 0.0],
        ["Participant 473", "Gil Gone", "gil@uio.no", ""],
    ]


def test_a_list_of_names_alone_and_two_people_of_one_name(tmp_path):
    (tmp_path / "n.csv").write_text("name\nAda Berg\nBenito\nBENITO\n")
    people = points.read_roster(tmp_path / "n.csv")
    found, strangers = points.match(people, SUBMISSIONS)
    assert list(found) == ["Ada Berg"], "which Benito it was cannot be known"
    assert "benito" in strangers
    assert points.for_platform(points.score(ROWS, WORTH), people, found, "") is None
    (tmp_path / "n.csv").write_text("what\nx\n")
    with pytest.raises(ValueError, match="expected a column with names"):
        points.read_roster(tmp_path / "n.csv")


def test_the_page_for_the_lecture():
    many = [Row(f"s{i}", "one-cost", "known mistake", f"mistake {i % 5}") for i in range(40)]
    page = report.page([*ROWS, *many, Row("<b>", "one-cost", "raises", "<script>")])
    assert "2 of 44 right, 42 wrong, 0 not tried" in page
    assert "1 of 2 right, 0 wrong, 1 not tried" in page
    assert page.count("<li>") == 3
    assert "8 × mistake 0." in page
    assert "<script>" not in page
    for name in ("Ada Berg", "benito", "doejane"):
        assert name not in page
    assert "http" not in page, "it needs nothing else"
    alone = report.page(ROWS)
    assert f"1 × {MISTAKE.name}." in alone
    assert "3 students" in alone


def test_the_words_for_a_mistake_are_the_books():
    assert report.words(find("one-cost"), MISTAKE.name)
    assert report.words(find("one-cost"), f"{MISTAKE.name}, transposed") == report.words(
        find("one-cost"), MISTAKE.name
    )
    assert report.words(find("one-cost"), "something new") == ""


def test_the_command_writes_all_of_it(tmp_path, capsys, monkeypatch):
    returned = tmp_path / "returned"
    returned.mkdir()
    for name in ("benito", "doejane_12345_1_x"):
        (returned / f"{name}.ipynb").write_text("{}")
    monkeypatch.setattr("fysstk_book.grade.__main__.grade_all", lambda *arguments: list(ROWS))
    (tmp_path / "points.csv").write_text("exercise,points\none-cost,1\none-delta,2.5\n")
    (tmp_path / "roster.csv").write_text(CANVAS)
    command = [str(returned), "-o", str(tmp_path / "table.csv"), "--protection", "limits"]
    command += ["--points", str(tmp_path / "points.csv"), "--roster", str(tmp_path / "roster.csv")]
    assert main([*command, "--assignment", "Uke 41", "--report", str(tmp_path / "page.html")]) == 0
    told = capsys.readouterr()
    assert "2 of 4 on the list returned something" in told.err
    assert "table-canvas.csv, for Canvas" in told.out
    canvas = rows_of(tmp_path / "table-canvas.csv")
    assert canvas[0][-1] == "Uke 41"
    assert canvas[4] == ["Øy, Benito", "12347", "s3", "benito@uio.no", "B", "0.0"]
    assert rows_of(tmp_path / "table-points.csv")[1][:3] == ["Ada Berg", "3.5", "3.5"]
    assert ["Gone, Gil", "", "nothing returned", ""] in rows_of(tmp_path / "table.csv")
    assert (tmp_path / "page.html").read_text("utf-8").startswith("<!doctype html>")


def test_chapters_stand_in_the_order_of_the_book():
    some = [exercise for exercise in catalogue() if exercise.checked]
    page = report.page([Row("a", exercise.id, "right", "") for exercise in some])
    assert page.index("(gates-") < page.index("(one-cost)") < page.index("(iris-")
