//! Files written by NumPy, pandas, polars and pyarrow, all with the same embeddings.

use std::path::PathBuf;

use serde_json::Value;

use super::*;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/formats").join(name)
}

/// The content of the files.
fn values() -> Value {
    serde_json::from_str(include_str!("../../../../tests/reference/formats.json")).unwrap()
}

fn matrix(key: &str) -> Vec<Vec<f64>> {
    serde_json::from_value(values()[key].clone()).unwrap()
}

fn names() -> Vec<String> {
    serde_json::from_value(values()["names"].clone()).unwrap()
}

fn numbers() -> Vec<String> {
    let numbers: Vec<i64> = serde_json::from_value(values()["y"].clone()).unwrap();
    numbers.iter().map(i64::to_string).collect()
}

/// Rows of embeddings in f64, whatever they were read as.
fn rows(numbers: &Numbers) -> Vec<Vec<f64>> {
    match numbers {
        Numbers::Single(array) => {
            array.outer_iter().map(|row| row.iter().map(|&v| f64::from(v)).collect()).collect()
        }
        Numbers::Double(array) => array.outer_iter().map(|row| row.to_vec()).collect(),
    }
}

/// The label of each row.
fn texts(labels: &Labels) -> Vec<String> {
    let indices = labels.among(labels.classes());
    indices.iter().map(|&index| labels.classes()[index as usize].clone()).collect()
}

fn read(name: &str, labels: Option<&str>) -> Result<Features> {
    Features::read(&path(name), labels.map(path).as_deref())
}

fn error(name: &str, labels: Option<&str>) -> String {
    read(name, labels).unwrap_err().to_string()
}

#[test]
fn embeddings_of_every_type_order_and_shape_are_the_same() {
    let z = matrix("z");
    for name in [
        "z_little_f2.npy",
        "z_little_f4.npy",
        "z_little_f8.npy",
        "z_big_f2.npy",
        "z_big_f4.npy",
        "z_big_f8.npy",
        "z_fortran.npy",
        "z_fortran_f8_big.npy",
        "z_3d.npy",
        "z_4d.npy",
        "z_bf16.npy",
        "z_savetxt.txt",
        "z_savetxt.csv",
    ] {
        let found = read(name, Some("y_i8.npy")).unwrap();
        assert_eq!(rows(&found.embeddings), z, "{name}");
        let single = read_embeddings(&path(name)).unwrap();
        assert!(single.is_standard_layout(), "{name}");
        assert_eq!(rows(&Numbers::Single(single)), z, "{name}");
    }
    let whole = matrix("whole");
    for name in ["whole_i1.npy", "whole_i2.npy", "whole_i4.npy", "whole_i8.npy"] {
        assert_eq!(rows(&read(name, Some("y_i8.npy")).unwrap().embeddings), whole, "{name}");
    }
    let least = whole.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    let unsigned = rows(&read("whole_u1.npy", Some("y_i8.npy")).unwrap().embeddings);
    assert_eq!(
        unsigned,
        whole.iter().map(|row| row.iter().map(|v| v - least).collect()).collect::<Vec<Vec<f64>>>()
    );
    let doubles = read("doubles.npy", Some("y_i8.npy")).unwrap().embeddings;
    assert!(matches!(doubles, Numbers::Double(_)));
    assert_eq!(rows(&doubles), matrix("doubles"), "to the last bit");
}

#[test]
fn labels_of_every_type_are_the_same() {
    for name in [
        "y_i1.npy",
        "y_u1.npy",
        "y_i2.npy",
        "y_u2.npy",
        "y_i4.npy",
        "y_u4.npy",
        "y_i8.npy",
        "y_u8.npy",
        "y_f2.npy",
        "y_f4.npy",
        "y_f8.npy",
        "y_column.npy",
        "y_numbers_as_text.npy",
    ] {
        let found = read("z_little_f4.npy", Some(name)).unwrap().labels;
        assert_eq!(texts(&found), numbers(), "{name}");
        assert_eq!(read_labels(&path(name)).unwrap(), found.numbers().unwrap(), "{name}");
    }
    for name in ["y_text.npy", "y_text_big.npy", "y_bytes.npy", "y.txt"] {
        let found = read("z_little_f4.npy", Some(name)).unwrap().labels;
        assert_eq!(
            (texts(&found), found.classes().join(" ")),
            (names(), "cat dog gnu".to_owned()),
            "{name}"
        );
    }
    let truth = read("z_little_f4.npy", Some("y_bool.npy")).unwrap().labels;
    let ones = numbers().into_iter().map(|y| if y == "1" { "True" } else { "False" }.to_owned());
    assert_eq!(texts(&truth), ones.collect::<Vec<_>>());
}

#[test]
fn invalid_labels_are_refused_with_a_remedy() {
    let error = |labels: &str| error("z_little_f4.npy", Some(labels));
    assert!(
        error("y_one_hot.npy")
            .ends_with("but labels are [rows]; these are one-hot: save y.argmax(axis=1)")
    );
    assert!(error("y_half.npy").contains("'0.5' is not an integer in row 0 (from 0); labels are"));
    assert!(
        error("y_object.npy")
            .contains("contains Python objects, which only pickle can read; save plain")
    );
    assert!(error("z_little_f4.npy").contains("contains embeddings without labels"));
    assert!(error("z_3d.npy").ends_with("save one label per row; or are these the embeddings?"));
    assert!(error("missing.npy").contains("missing.npy: file not found; check the path"));
    let swapped = self::error("y_i8.npy", Some("z_little_f8.npy"));
    assert!(swapped.contains("y_i8.npy: has the shape [12], but embeddings are"), "{swapped}");
    assert!(self::error("z_little_f4.npy", None).contains("name the labels with --labels"));
}

#[test]
fn archives_and_tables_contain_their_labels() {
    for (name, labels) in [
        ("stored.npz", numbers()),
        ("nameless.npz", numbers()),
        ("deflated.npz", names()),
        ("pandas.csv", names()),
        ("pandas.csv.gz", names()),
        ("pandas_index.csv", names()),
        ("pandas_german.csv", names()),
        ("pandas_tabs_utf16.tsv", names()),
        ("pandas_counted.csv", names()),
        ("pandas_lists.csv", names()),
        ("polars.csv", numbers()),
        ("no_header.csv", numbers()),
        ("pandas_snappy.parquet", names()),
        ("pandas_index_gzip.parquet", names()),
        ("polars_lists_zstd.parquet", numbers()),
        ("polars_array_lz4.parquet", names()),
        ("pyarrow_half.parquet", names()),
    ] {
        let found = read(name, None).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(rows(&found.embeddings), matrix("z"), "{name}");
        assert_eq!(texts(&found.labels), labels, "{name}");
    }
    let understood = |name: &str| read(name, None).unwrap().understood;
    assert!(understood("pandas_index.csv").ends_with(
        "pandas_index.csv: columns e0 to e2, [12, 3] float32, left out (no name), first line is the \
         header; labels: column label, 3 classes, cat to gnu"
    ));
    assert!(understood("deflated.npz").ends_with(
        "deflated.npz: features [12, 3] float64; labels: targets [12] text, 3 classes, cat to gnu"
    ));
}

#[test]
fn an_array_or_a_column_is_named_after_a_colon() {
    let found = read("keras.npz:x_train", Some("keras.npz:y_train")).unwrap();
    assert_eq!((rows(&found.embeddings), texts(&found.labels)), (matrix("z"), numbers()));
    let found = read("pandas.csv:e", Some("polars_array_lz4.parquet:category")).unwrap();
    assert_eq!((rows(&found.embeddings), texts(&found.labels)), (matrix("z"), names()));
    let one = read("pandas.csv:e1", Some("pandas.csv:label")).unwrap();
    assert_eq!(one.embeddings.dim(), (12, 1));
    let other = read("polars_lists_zstd.parquet", Some("polars_lists_zstd.parquet:id")).unwrap();
    assert_eq!(other.labels.classes().len(), 12);
    assert!(
        error("keras.npz", None)
            .contains("has several arrays that could be the embeddings: x_train")
    );
    assert!(error("keras.npz:z", None).contains("has no array z; it has x_train [12, 3] float32"));
    assert!(
        error("pandas.csv", Some("pandas.csv:who"))
            .contains("has no column who; it has label, e0, e1")
    );
    assert!(
        error("keras.npz:x_train", Some("keras.npz:y_test"))
            .contains("has 6 labels for the 12 rows")
    );
    let missing = error("missing_list.parquet", None);
    assert!(
        missing.contains("column emb: contains a missing list or number in row 4"),
        "{missing}"
    );
}

/// A table of text in a file of its own.
fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.csv");
    std::fs::write(&file, text).unwrap();
    (folder, file)
}

fn table(text: &str) -> Result<Features> {
    let (_folder, file) = written(text);
    Features::read(&file, None)
}

#[test]
fn columns_outside_the_embedding_are_left_out_and_named() {
    let found =
        table("part,label,class,e0,e1,age\ntrain,3,cat,0.5,1,7\nval,4,dog,1.5,2,8\n").unwrap();
    assert_eq!(rows(&found.embeddings), [[0.5, 1.0], [1.5, 2.0]]);
    assert_eq!(texts(&found.labels), ["3", "4"]);
    assert!(found.understood.contains("left out part, class, age, first"), "{}", found.understood);
    let found = table("id,x,y,species\n1,0.5,2.5,cat\n2,1.5,3.5,dog\n").unwrap();
    assert_eq!(
        (rows(&found.embeddings), texts(&found.labels)),
        (vec![vec![0.5, 2.5], vec![1.5, 3.5]], vec!["cat".to_owned(), "dog".to_owned()])
    );
    let found = table("a|b|fold|kind\n0.5|1|0|cat\n1.5|2|1|dog\n").unwrap();
    assert_eq!(rows(&found.embeddings), [[0.5, 1.0], [1.5, 2.0]]);
    assert!(found.understood.contains("left out fold, separated by |"), "{}", found.understood);
    let found = table("0.5,cat\n1.5,dog\n").unwrap();
    assert_eq!(
        (found.embeddings.dim(), texts(&found.labels)),
        ((2, 1), vec!["cat".to_owned(), "dog".to_owned()])
    );
}

#[test]
fn a_comment_with_as_many_cells_as_the_first_row_is_the_header() {
    for (header, rows) in [
        ("#x,label,a,b,c", "0,1,0.5,1.5,2.5\n1,0,3.5,4.5,5.5\n"),
        ("#,label,a,b,c", "7,1,0.5,1.5,2.5\n3,0,3.5,4.5,5.5\n"),
        ("# made by hand\n# label,a,b,c", "1,0.5,1.5,2.5\n0,3.5,4.5,5.5\n"),
        ("# label a b c", "1 0.5 1.5 2.5\n0 3.5 4.5 5.5\n"),
    ] {
        let found = table(&format!("{header}\n{rows}")).unwrap();
        assert_eq!(self::rows(&found.embeddings), [[0.5, 1.5, 2.5], [3.5, 4.5, 5.5]], "{header}");
        assert_eq!(texts(&found.labels), ["1", "0"], "{header}");
    }
    let comment = table("# by hand, twice\n0.5,1.5,cat\n3.5,4.5,dog\n").unwrap();
    assert_eq!(rows(&comment.embeddings), [[0.5, 1.5], [3.5, 4.5]]);
}

#[test]
fn ambiguous_tables_are_refused_and_faults_reported_with_line_and_column() {
    let error = |text: &str| table(text).unwrap_err().to_string();
    let message = error("label,class,e0,e1\na,1,0.5,1\na,2,1.5,2\n");
    assert!(
        message
            .contains("several columns that could be the labels: label, class; name one: --labels"),
        "{message}"
    );
    let message = error("label,a0,a1,b0,b1\n1,0,1,2,3\n2,4,5,6,7\n");
    assert!(message.contains("has several embeddings: a, b; name one: --embeddings"), "{message}");
    let message = error("label,e0,e1\n1,0.5,1\n2,,2\n3,4,5\n");
    assert!(
        message.contains("t.csv, line 3, column e0: '' is not a number; correct the cell"),
        "{message}"
    );
    let message = error("label,one,two\n1,0.5,1\n2,oops,2\n3,4,5\n");
    assert!(
        message.contains("line 3, column two")
            || message.contains("line 3, column one: 'oops' is not a number"),
        "{message}"
    );
    let message = error("label,e0,e1\n1,0.5,1\n2,2\n");
    assert!(message.contains("t.csv, line 3: has 2 cells, but the first line has 3"), "{message}");
    let message = error("label,e0,e1\n1,0.5,1\n,1,2\n");
    assert!(message.contains("line 3, column label: '' is not a label"), "{message}");
    let message = error("label,emb\n1,[0.5 ... 1]\n2,[1 ... 2]\n");
    assert!(message.contains("column emb: contains lists that NumPy shortened"), "{message}");
    let message = error("a,b\nx,y\nz,w\n");
    assert!(message.contains("has no column of numbers"), "{message}");
}

#[test]
fn a_first_row_of_embeddings_is_not_a_header_whatever_the_label() {
    for text in [
        "A,0.12,0.50\n7,0.31,0.11\nA,0.13,0.52\n",
        "0.1,0.2,a\n0.1,0.2,3\n0.11,0.2,a\n",
        "A,12,50\n7,31,11\nA,13,52\n",
        "plum,0,1\napple,3,4\npear,5,2\n",
        "y,0.12,0.50\nx,0.31,0.11\nx,0.13,0.52\n",
    ] {
        let found = table(text).unwrap();
        assert_eq!(found.embeddings.dim(), (3, 2), "{text}");
        assert!(found.understood.contains("no header"), "{}", found.understood);
    }
    let message = table("0,,0.5\n1,0.3,0.1\n0,0.2,0.4\n").unwrap_err().to_string();
    assert!(message.contains("line 1"), "{message}");
    for text in [
        "who,0,1\nA,0.1,0.2\nB,0.3,0.4\n",
        "label,400.5,401.2\nA,0.1,0.2\nB,0.3,0.4\n",
        ",label,e0,e1\n0,A,0.1,0.2\n1,B,0.3,0.4\n",
        "who,1,2\nA,0.1,0.2\nB,0.3,0.4\n",
        "label,3,5,8,13,21\nA,0.1,0.2,0.3,0.4,0.5\nB,1.5,2.5,3.5,4.5,5.5\n",
    ] {
        assert_eq!(table(text).unwrap().embeddings.dim().0, 2, "{text}");
    }
}

#[test]
fn a_parquet_file_that_claims_more_rows_than_it_has_is_refused() {
    for name in ["rows_beyond_memory.parquet", "rows_beyond_the_file.parquet"] {
        let message = error(name, None);
        assert!(message.contains("for ") && message.contains(" rows"), "{message}");
    }
}

#[test]
fn a_parquet_file_on_which_the_library_panics_is_refused() {
    // The column chunk begins before the file does.
    let message = error("negative_start.parquet", None);
    assert!(message.contains("cannot be read as Parquet (column start"), "{message}");
    assert!(message.ends_with("or as CSV"), "{message}");
}

#[test]
fn other_numeric_columns_are_ambiguous_if_as_many_as_the_embedding_has() {
    let message = table("height,width,x1,x2,label\n.1,.2,.3,.4,0\n.5,.6,.7,.8,1\n").unwrap_err();
    let message = message.to_string();
    assert!(message.contains("has numeric columns besides x1, x2: height, width"), "{message}");
    assert!(message.contains("--embeddings") && message.contains(":x"), "{message}");
    let found = table("id,weight,x1,x2,label\n0,.2,.3,.4,0\n1,.6,.7,.8,1\n").unwrap();
    assert_eq!(found.embeddings.dim(), (2, 2));
}

#[test]
fn unsupported_formats_are_named() {
    let (_folder, file) = written("");
    let error = |content: &[u8]| {
        std::fs::write(&file, content).unwrap();
        Features::read(&file, None).unwrap_err().to_string()
    };
    for (content, what) in [
        (&b""[..], "is empty; name a file of embeddings"),
        (b"\x80\x04\x95", "is a pickle, which only Python can read; save the array in Python"),
        (b"\x89HDF\r\n\x1a\n", "is HDF5; save the array in Python"),
        (b"ARROW1\0\0", "is Arrow or Feather; write it as Parquet"),
        (b"{\"a\": 1}", "is JSON; write it as CSV"),
        (b"\x40\0\0\0\0\0\0\0{\"x\":{}}", "is safetensors; save the tensor in Python"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "nor text in UTF-8; save embeddings as .npy"),
        (b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "is a zip file without NumPy arrays"),
        (b"PK\x03\x04", "cannot be read as NPZ (it is cut short or damaged)"),
        (b"PAR1", "cannot be read as Parquet"),
    ] {
        let message = error(content);
        assert!(message.contains(what), "{message}");
    }
    for name in ["stored.npz", "deflated.npz", "polars_lists_zstd.parquet"] {
        let whole = std::fs::read(path(name)).unwrap();
        assert!(error(&whole[..whole.len() - 40]).contains("cannot be read as"), "{name}");
    }
    let mut damaged = std::fs::read(path("stored.npz")).unwrap();
    let offset = damaged.windows(6).position(|six| six == b"NUMPY\x01").unwrap() + 140;
    damaged[offset] ^= 1;
    assert!(error(&damaged).contains("its checksum does not match"));
}
