"""Writes composer.csv, the list of pieces of the default corpus, from the installed music21.

The same music21 gives the same file. A group is a work: its movements, parts and versions together.
No score is converted here; the limits and reasons below come from converting them with music21 10.5.1.

known: 48 works each
- Bach: the longest four-part chorales of Riemenschneider's list, one for each BWV work, title and
  tune, without variants (`-a`, `-inst`, `-lz`…).
- Palestrina: one movement of 30 to 110 bars (two to seven minutes) from each of 48 masses with
  different titles; eight each of Kyrie, Gloria, Credo, Sanctus, Benedictus and Agnus, so that the
  text does not identify the composer. Movements are whole, but for the Credo: of that, a later section.
- Monteverdi: the 48 madrigals of books 3 to 5. Left out is `madrigal.3.1_old`, the first one again.
unknown-calibration: the `trecento` folder and Ciconia's canon. Left out: copies note for note, and
three pieces over nine minutes (more ticks than pretty_midi accepts).
unknown-test: works of all others, 40 notes and 20 s at least. Left out: folk tunes, lead sheets
(music21's own chords), Josquin (collections of single voices), Schoenberg (18 s), second editions,
and quartet movements that take over 5 s to convert.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import music21
from music21.corpus.chorales import ChoraleListRKBWV

CORPUS = Path(music21.__file__).parent / "corpus"
WORKS = 48
KNOWN, CALIBRATION, TEST = "known", "unknown-calibration", "unknown-test"
Row = tuple[str, str, str, str, str]  # path, label, group, role, title


def bach() -> Iterator[Row]:
    """Yield the longest chorales, one a work, title and tune."""
    listed = ChoraleListRKBWV().byRiemenschneider.values()
    titles = {chorale["bwv"]: chorale["title"] for chorale in listed}
    del titles["43.11"]  # the tune of 11.6 under another title
    chorales = []
    for number in titles:
        path = CORPUS / f"bach/bwv{number}.mxl"
        if re.fullmatch(r"[\d.]+", number) and path.exists():
            parts, quarters = measure(path)
            if parts == 4:
                chorales.append((-quarters, number))
    seen: set[str] = set()
    for _, number in sorted(chorales):
        title, work = titles[number], number.split(".")[0]
        if len(seen) < 2 * WORKS and not {work, slug(title)} & seen:
            seen |= {work, slug(title)}
            title = f"Chorale BWV {number}, {title}"
            yield f"bach/bwv{number}.mxl", "Bach", f"bach/bwv{work}", KNOWN, title


def measure(path: Path) -> tuple[int, float]:
    """Return the number of parts of a score, and the length of its first part in quarters."""
    with zipfile.ZipFile(path) as archive:
        name = next(n for n in archive.namelist() if "META-INF" not in n and n.endswith("xml"))
        parts = ElementTree.fromstring(archive.read(name)).findall("part")
    quarters, divisions = 0.0, 1
    for element in (e for measure in parts[0] for e in measure):
        if element.tag == "attributes":
            divisions = int(element.findtext("divisions", str(divisions)))
        elif element.tag == "note" and element.find("chord") is None:
            quarters += int(element.findtext("duration", "0")) / divisions  # grace notes have none
    return len(parts), quarters


def palestrina() -> Iterator[Row]:
    """Yield one movement of each mass, as many of each kind."""
    whole = {"Kyrie", "Gloria", "Sanctus", "Benedictus", "Agnus", "Agnus I", "Agnus II"}
    movements: dict[str, dict[frozenset[str], tuple[str, str, str]]] = {}
    for path in sorted(CORPUS.glob("palestrina/*.krn")):
        text = path.read_text(encoding="latin-1")
        head = dict(re.findall(r"^!!!(OPR|OMD|OTL): *(.*?) *$", text, re.M))
        mass, title = head["OPR"], head["OTL"]
        bars = len(set(re.findall(r"^=\d+", text, re.M)))  # a section goes on counting
        of_credo = head.get("OMD") == "Credo" and title != "First Section"
        if 30 <= bars <= 110 and (of_credo or ("OMD" not in head and title in whole)):
            # The same words in other case, order or edition ("(1570)", "(II)") are the same title.
            words = frozenset(re.findall(r"\w+", re.sub(r"\(.*?\)", "", mass).lower()))
            title = f"Credo, {title}" if of_credo else title
            movement = matched(re.match(r"\w+", title))[0]
            movements.setdefault(movement, {}).setdefault(words, (path.name, mass, title))
    used: set[frozenset[str]] = set()
    for _ in range(WORKS // len(movements)):
        # The rarest movement comes first; each takes the next mass in the order of file names.
        for masses in sorted(movements.values(), key=len):
            words = next(words for words in masses if words not in used)
            used.add(words)
            name, mass, title = masses[words]
            group = f"palestrina/{slug(mass)}"
            yield f"palestrina/{name}", "Palestrina", group, KNOWN, f"{mass}: {title}"


def monteverdi() -> Iterator[Row]:
    """Yield the madrigals of books 3 to 5."""
    for path in CORPUS.glob("monteverdi/madrigal.*.mxl"):
        if match := re.fullmatch(r"madrigal\.(\d)\.(\d+)", path.stem):
            title = f"Madrigal, book {match[1]} no. {match[2]}"
            yield f"monteverdi/{path.name}", "Monteverdi", f"monteverdi/{path.stem}", KNOWN, title


# Composers as the scores name them: in the file's name, or known by how that begins (first match).
# "(attributed)": the score adds a question mark or "opus dubium".
NAMED = (
    "Barbitonsoris|Bartholus|Chipre|Egardus|Gherardello|Gratiosus|Guymont|Lorenzo|Mediolano|Perrinet"
    "|Phillippoctus"
)
TRECENTO = {
    "Philippe de Vitry": r"PMFC_01",
    "Francesco Landini": r"PMFC_04|PMFC_13_02",
    "Jacopo da Bologna": r"PMFC_06(-Jacopo|_8|_10)",
    "Giovanni da Firenze": r"PMFC_06_Giovanni",
    "Magister Piero": r"PMFC_06_Piero",
    "Antonius Zacharias de Teramo": r"PMFC_13_(0[3-9]|19)",
    "Antonius Zacharias de Teramo (attributed)": r"PMFC_13_10",
    "Matheus de Perusio": r"PMFC_13_1[2-5]",
    "Matheus de Perusio (attributed)": r"PMFC_13_1[67]",
    "Egardus": r"PMFC_13_18",
    "Johannes Graneti": r"PMFC_23_22",
    "Johannes Ciconia (attributed)": r"PMFC_24_2[01]",
    "Johannes Ciconia": r"PMFC_24",
    "Trecento (anonymous)": r"",
}
# edition, volume, composer, number; version; title
NAME = re.compile(r"((?:PMFC_\d+|Fava)(?:[-_][A-Z][a-z]+(?=[-_]\d))?(?:[-_]\d+)?)([ab]?)[-_](.*)")


def trecento() -> Iterator[Row]:
    """Yield the trecento folder and Ciconia's canon."""
    for path in CORPUS.glob("trecento/*.*"):
        copy = path.suffix == ".xml" and path.with_suffix(".mxl").exists()
        if not copy and not re.search(r"_bak|Lugentium|London f83|Scabroso", path.stem):
            label = next(name for name, start in TRECENTO.items() if re.match(start, path.stem))
            label = named[0] if (named := re.search(NAMED, path.stem)) else label
            place, version, title = matched(NAME.fullmatch(path.stem)).groups()
            numbers = [number.lstrip("0") for number in re.findall(r"\d+", place)]
            group = slug(place if len(numbers) == 2 else path.stem)  # versions share their number
            title = re.sub(r"(?i)\b(all|d|l|s)_", r"\1'", re.sub(r" PMFC.*", "", title))
            source = f" (PMFC {'/'.join(numbers)}{version})" if numbers else ""
            title = " ".join(re.split(r"[-_ ]+", title)) + source
            yield f"trecento/{path.name}", label, f"trecento/{group}", CALIBRATION, title
    canon = "ciconia/quod_jactatur"
    yield f"{canon}.xml", "Johannes Ciconia", canon, CALIBRATION, "Quod jactatur (melody only)"


# file | its {}, one by one | composer | title
OTHERS = """
beach/prayer_of_a_tired_child.musicxml || Amy Beach | Prayer of a Tired Child, op. 75 no. 4
beethoven/opus18no1/movement3.mxl || Beethoven | String quartet op. 18 no. 1, movement 3
beethoven/opus59no{}/movement3.mxl | 23 | Beethoven | String quartet op. 59 no. {}, movement 3
chopin/mazurka06-2.krn || Chopin | Mazurka op. 6 no. 2
corelli/opus3no1/1grave.xml || Corelli | Trio sonata op. 3 no. 1, Grave
cpebach/h186.mxl || C. P. E. Bach | Sonata in A major, H. 186, movement 2
handel/rinaldo/Lascia_chio_pianga.mxl || Handel | Rinaldo: Lascia ch'io pianga
haydn/opus1no1/movement{}.mxl | 12345 | Haydn | String quartet op. 1 no. 1, movement {}
haydn/opus74no1/movement{}.mxl | 123 | Haydn | String quartet op. 74 no. 1, movement {}
johnson_j_r/lift_every_voice.mxl || J. Rosamond Johnson | Lift Every Voice and Sing
joplin/maple_leaf_rag.mxl || Joplin | Maple Leaf Rag
liliuokalani/aloha_oe.mxl || Liliuokalani | Aloha Oe
luca/gloria.xml || D. Luca | Gloria (Q15)
lusitano/allor_che_ignuda.mxl || Lusitano | Allor che ignuda d'herb et fior la terra
mozart/k80/movement{}.mxl | 1234 | Mozart | String quartet K. 80, movement {}
mozart/k155/movement{}.mxl | 123 | Mozart | String quartet K. 155, movement {}
mozart/k156/movement{}.mxl | 1234 | Mozart | String quartet K. 156, movement {}
mozart/k458/movement{}.mxl | 23 | Mozart | String quartet K. 458, movement {}
mozart/k545/movement1_exposition.mxl || Mozart | Piano sonata K. 545, movement 1, exposition
schubert/Lindenbaum.xml || Schubert | Winterreise: Der Lindenbaum
schumann_clara/opus17/movement3.xml || Clara Schumann | Piano trio op. 17, movement 3
schumann_clara/polonaise_op1n{}.mxl | 1234 | Clara Schumann | Polonaise op. 1 no. {}
schumann_robert/opus41no1/movement{}.mxl | 234 | Robert Schumann | Quartet op. 41 no. 1, movement {}
schumann_robert/opus48no2.mxl || Robert Schumann | Dichterliebe: Aus meinen Tränen sprießen
verdi/laDonnaEMobile.mxl || Verdi | Rigoletto: La donna è mobile
weber/concertino_clarinet.mxl || Weber | Concertino for clarinet
webern/webern_dormi_jesu_op_16_no_2.mxl || Webern | Dormi Jesu, op. 16 no. 2
"""


def others() -> Iterator[Row]:
    """Yield the works of OTHERS."""
    for line in OTHERS.strip().splitlines():
        file, numbers, composer, title = (cell.strip() for cell in line.split("|"))
        for number in numbers or [""]:
            path = file.format(number)
            group = matched(re.match(r"\w+/(\w+op1(?=n\d)|[\w-]+)", path))[0]  # folder or file of the opus
            yield path, composer, group, TEST, title.format(number)


def matched(match: re.Match[str] | None) -> re.Match[str]:
    """Return a match that every name and title has.

    Raises:
        ValueError: There is none.
    """
    if match is None:
        raise ValueError("music21 names a score in a way that this script does not know")
    return match


def slug(text: str) -> str:
    """Reduce a text to lower-case words with hyphens between them."""
    return re.sub(r"\W+", "-", text.lower()).strip("-")


if __name__ == "__main__":
    rows = [*bach(), *palestrina(), *monteverdi(), *trecento(), *others()]
    rows.sort(key=lambda row: (row[3], row[1], row[0]))
    rows = [("music21:" + path, *rest) for path, *rest in rows]
    with Path(__file__).with_name("composer.csv").open("w", encoding="utf-8", newline="") as file:
        file.write("path,label,group,role,title\n")
        csv.writer(file, lineterminator="\n").writerows(rows)
