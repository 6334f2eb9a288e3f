//! Tables as people have them, from the bytes to the account of what was read.

use super::*;
use crate::read::ReadAs;

fn read_with(text: &[u8], options: &TableOptions) -> Result<Table, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    std::fs::write(&path, text).unwrap();
    read_table_with(&path, options).map_err(|error| error.to_string())
}

fn table(text: &[u8]) -> Result<Table, String> {
    read_with(text, &TableOptions::default())
}

fn numbers<'t>(table: &'t Table, name: &str) -> &'t [f64] {
    match &table.columns[table.position(name).unwrap()] {
        Column::Numbers(values) => values,
        Column::Words { names, .. } => panic!("{name} holds the words {names:?}"),
    }
}

fn doubts(table: &Table) -> String {
    table.read.doubts.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn kind(table: &Table, name: &str) -> ReadAs {
    table.read.columns.iter().find(|column| column.name == name).unwrap().kind
}

#[test]
fn kinds_are_found_and_holes_kept() {
    let found = table(b"a;kind;y\n1;red;2\n;blue;NA\n3;red;4\n").unwrap();
    assert_eq!(found.names, ["a", "kind", "y"]);
    let a = numbers(&found, "a");
    assert!(a[1].is_nan() && a[2] == 3.0);
    let Column::Words { names, codes } = &found.columns[1] else { panic!("words") };
    assert_eq!(
        (names.as_slice(), codes.as_slice()),
        (&["blue".to_owned(), "red".to_owned()][..], &[1, 0, 1][..])
    );
    assert_eq!(
        (found.columns[2].missing(), found.read.columns[2].missing_words.as_slice()),
        (1, &[("NA".to_owned(), 1)][..])
    );
    assert!(found.read.form.contains("\";\""), "{}", found.read.form);
}

#[test]
fn other_encodings_are_read_or_refused_with_the_reason() {
    let mut utf16 = vec![0xff, 0xfe];
    "a\ty\n1,681\t2\n2,104\t5\n599\t7\n".encode_utf16().for_each(|unit| utf16.extend(unit.to_le_bytes()));
    let found = table(&utf16).unwrap();
    assert_eq!(numbers(&found, "a"), [1681.0, 2104.0, 599.0]);
    assert!(doubts(&found).contains("thousands grouped by commas"), "{}", doubts(&found));
    assert_eq!(table(b"\xef\xbb\xbfa,y\n1,2\n").unwrap().names[0], "a");
    assert!(table(b"a,y\n1,\xe4\n").unwrap_err().contains("Latin-1"));
    assert!(table(b"PK\0\0a,b").unwrap_err().contains("no text table"));
}

#[test]
fn bad_tables_are_named_by_place() {
    for (text, words) in [
        ("a,a\n1,2\n", "stands twice"),
        ("a,y\n1,2\n1,2,3\n", "line 3 has 3 cells"),
        ("a,y\n1,2\nx,2\n3,4\n5,6\n", "line 3, column \"a\" holds \"x\" where 3 other values are numbers"),
        ("a,y\ninf,2\n", "not finite"),
        ("a,y\n", "no rows"),
        ("a,\n1,2\n", "has no name"),
        (
            "a,y\n\"1,200\",2\n\"1,300\",2\nx,4\n",
            "line 4, column \"a\" holds \"x\" where 2 other values are numbers",
        ),
    ] {
        let problem = table(text.as_bytes()).unwrap_err();
        assert!(problem.contains(words), "{text}: {problem}");
    }
}

#[test]
fn numbers_are_read_as_people_write_them() {
    let found =
        table(b"price,discount,weight,score\n$1779.78,8%,12.0 kg,31.9\n$836.58,12%,5.6 kg,72.6\n").unwrap();
    assert_eq!(numbers(&found, "price"), [1779.78, 836.58]);
    assert_eq!(numbers(&found, "discount"), [8.0, 12.0]);
    assert_eq!(numbers(&found, "weight"), [12.0, 5.6]);
    let said = doubts(&found);
    for cell in ["\"$1779.78\"", "\"8%\"", "\"12.0 kg\""] {
        assert!(said.contains(cell) && said.contains("line 2"), "{cell} in {said}");
    }
    assert_eq!(numbers(&table(b"a;b\n1,5;2\n2,25;3\n").unwrap(), "a"), [1.5, 2.25], "decimal commas");
    let german = table("einwohner;faelle\n416;85\n7.933;458\n5.320;321\n780;1.102\n".as_bytes()).unwrap();
    assert_eq!(numbers(&german, "einwohner"), [416.0, 7933.0, 5320.0, 780.0], "points group thousands");
    assert!(doubts(&german).contains("thousands grouped by points"), "{}", doubts(&german));
    let rounded = table(b"a;b\n1.234;5\n2.345;6\n").unwrap();
    assert_eq!(numbers(&rounded, "a"), [1.234, 2.345], "three digits everywhere are rounded");
    assert!(doubts(&rounded).contains("could group thousands"), "and said: {}", doubts(&rounded));
}

#[test]
fn dates_become_days_and_codes_are_said() {
    let found = table(b"date,zip,y\n2024-01-01,01234,1\n2024-01-31,00501,2\n").unwrap();
    assert_eq!(numbers(&found, "date"), [19_723.0, 19_753.0]);
    assert_eq!((kind(&found, "date"), kind(&found, "zip")), (ReadAs::Date, ReadAs::Number));
    assert!(
        doubts(&found).contains("holds \"01234\", which is read as a number and begins with a zero"),
        "{}",
        doubts(&found)
    );
    let calendar = TableOptions {
        columns: [("date".to_owned(), ColumnChoice::Calendar)].into(),
        ..TableOptions::default()
    };
    let parts = read_with(b"date,y\n2024-01-01,1\n2024-01-31,2\n", &calendar).unwrap();
    assert_eq!(parts.names, ["date", "date.month", "date.day", "date.weekday", "y"]);
    assert_eq!(numbers(&parts, "date.weekday"), [1.0, 3.0], "a Monday and a Wednesday");
}

#[test]
fn what_a_person_says_counts() {
    let options = |column: &str, choice| TableOptions {
        columns: [(column.to_owned(), choice)].into(),
        ..TableOptions::default()
    };
    let as_words = read_with(b"zip,y\n01234,1\n00501,2\n", &options("zip", ColumnChoice::Category)).unwrap();
    assert_eq!(as_words.columns[0].kind(), ColumnKind::Words);
    assert!(as_words.read.doubts.is_empty(), "nothing is doubtful any more: {}", doubts(&as_words));
    let without = read_with(b"id,x,y\n7,1,1\n8,2,2\n", &options("id", ColumnChoice::Ignore)).unwrap();
    assert_eq!((without.names.len(), kind(&without, "id")), (2, ReadAs::LeftOut));
    let refused = read_with(b"x,y\nred,1\n2,2\n", &options("x", ColumnChoice::Number)).unwrap_err();
    assert!(refused.contains("line 2, column \"x\" holds \"red\""), "{refused}");
    let absent = read_with(b"x,y\n1,2\n", &options("z", ColumnChoice::Ignore)).unwrap_err();
    assert!(absent.contains("names \"z\", and the table has x, y"), "{absent}");
    let region = b"region,y\nAS,1\nNA,2\nNA,3\nEU,4\n";
    let usual = table(region).unwrap();
    assert_eq!(usual.columns[0].missing(), 2);
    assert!(doubts(&usual).contains("\"NA\", which counts as missing in 2 cells"), "{}", doubts(&usual));
    let own = TableOptions { missing_words: Some(Vec::new()), ..TableOptions::default() };
    assert_eq!(read_with(region, &own).unwrap().columns[0].missing(), 0, "a word like the others");
    let decimal = TableOptions { decimal: DecimalMark::Comma, ..TableOptions::default() };
    assert_eq!(numbers(&read_with(b"a;y\n1,234;1\n2,345;2\n", &decimal).unwrap(), "a"), [1.234, 2.345]);
}

#[test]
fn names_of_rows_are_left_out_and_said() {
    for text in
        ["\"x\",\"y\"\n\"1\",0.391,1.057\n\"2\",-1.083,-2.234\n", ",x,y\n0,0.391,1.057\n1,-1.083,-2.234\n"]
    {
        let found = table(text.as_bytes()).unwrap();
        assert_eq!((found.names.len(), numbers(&found, "x")), (2, &[0.391, -1.083][..]), "{text}");
        assert!(doubts(&found).contains("taken for names of the rows and left out"), "{}", doubts(&found));
    }
    let said = table(b"sep=;\na;y\n1;2\nx;3\n2;4\n3;5\n").unwrap_err();
    assert!(said.contains("line 4, column \"a\" holds \"x\""), "lines are those of the file: {said}");
}

#[test]
fn a_category_of_names_is_said() {
    let mut text = "name,y\n".to_owned();
    let lines: Vec<String> = (0..40).map(|row| format!("person {row},1\n")).collect();
    text.push_str(&lines.concat());
    let found = table(text.as_bytes()).unwrap();
    assert!(doubts(&found).contains("nearly each once"), "{}", doubts(&found));
    assert_eq!(kind(&found, "y"), ReadAs::Constant);
}

#[test]
fn new_rows_are_read_as_the_run_read_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.csv");
    std::fs::write(&path, "extra,kind,a\nx,red,\"1,200\"\ny,Red,900\nz,green,1500\n").unwrap();
    let a = Wanted {
        name: "a".to_owned(),
        words: None,
        format: CellFormat { thousands: Some(Grouping::Comma), ..CellFormat::default() },
    };
    let words = Some(vec!["blue".to_owned(), "red".to_owned()]);
    let kind = Wanted { name: "kind".to_owned(), words, ..Wanted::default() };
    let found = read_new_rows(&path, &[a.clone(), kind], &TableOptions::default()).unwrap();
    assert_eq!(found.table.names, ["a", "kind"]);
    assert_eq!(numbers(&found.table, "a"), [1200.0, 900.0, 1500.0], "plain numbers too");
    let warnings = found.warnings();
    assert_eq!(found.unknown.len(), 2, "{warnings:?}");
    assert!(
        warnings.iter().any(|text| text.contains("\"green\" in 1 rows, the first in line 4")),
        "{warnings:?}"
    );
    assert!(warnings.iter().any(|text| text.contains("the run knows \"red\"")), "{warnings:?}");
    let absent = Wanted { name: "b".to_owned(), ..Wanted::default() };
    let problem = read_new_rows(&path, &[a, absent], &TableOptions::default()).unwrap_err().to_string();
    assert!(problem.contains("columns b of the run are missing"), "{problem}");
}
