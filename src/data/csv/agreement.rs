//! Tests that both passes read a file alike, or the fast one leaves it to the exact one.

use super::*;

/// Texts of up to `length` of the characters that could be read in two ways.
fn odd_cells(length: usize) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut from = 0;
    for _ in 0..length {
        let upto = cells.len();
        for index in from..upto {
            for mark in "+-05.e \t\r\"\u{a0}".chars() {
                cells.push(format!("{}{mark}", cells[index]));
            }
        }
        from = upto;
    }
    cells
}

fn both_passes(text: &str) -> (Option<Rows>, Option<Rows>) {
    let options = CsvOptions { header: Header::Yes, ..CsvOptions::default() };
    let layout = layout_of(Path::new("a.csv"), text.as_bytes(), &options).unwrap();
    let mut faultless = true;
    let scan = exact::read(Path::new("a.csv"), text.as_bytes(), &layout, &mut |_| {
        faultless = false;
        After::Stop
    });
    let exact = faultless.then(|| Rows { starts: Vec::new(), ..scan.good });
    (fast::read(text.as_bytes(), &layout), exact)
}

#[test]
fn the_fast_pass_accepts_nothing_that_the_exact_pass_reads_otherwise() {
    let mut accepted = 0;
    for cell in odd_cells(3) {
        for text in [
            format!("label,p\n1,{cell}\n2,7\n"),
            format!("label,p\n1,7\n2,{cell}"),
            format!("p,label\n{cell},1\n7,2\n"),
            format!("label,p\n{cell},5\n2,7\n"),
        ] {
            if let (Some(fast), exact) = both_passes(&text) {
                accepted += 1;
                assert_eq!(Some(fast), exact, "{text:?}");
            }
        }
    }
    assert!(accepted > 500, "the fast pass accepted only {accepted}");
}

#[test]
fn the_fast_pass_reads_plain_files_itself() {
    // More rows than one block and, with a file this small, more than one chunk of polars.
    let row = |i: usize| format!("{},{},{},{},{}\n", i % 3, i % 256, i % 7, i % 11, i % 13);
    let text = format!("label,a,b,c,d\n{}", (0..3000).map(row).collect::<String>());
    let (fast, exact) = both_passes(&text);
    assert_eq!(fast.as_ref().map(|rows| rows.rows.len()), Some(3000));
    assert_eq!(fast, exact);
    assert!(both_passes(&text.replace('\n', "\r\n")).0.is_some());
    assert!(both_passes("label,a\n3,1\n7,2\n").0.is_some());
}
