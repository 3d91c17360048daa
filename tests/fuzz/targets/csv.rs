//! CSV of images, plain and gzip, in all dialects: reading and checking never panic, and agree on
//! whether a file is faulty.
#![no_main]

use dml::data::{ClassNames, Header, LabelColumn, ReadOptions, Scale, TrainedOn, check, open};
use dml_fuzz::{bounded, file, unzipped};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&dialect, content)) = input.split_first() else { return };
    let options = ReadOptions {
        header: [Header::Auto, Header::Yes, Header::No][usize::from(dialect) % 3],
        label: match dialect / 3 % 3 {
            0 => LabelColumn::Auto,
            1 => LabelColumn::Given("2".to_owned()),
            _ => LabelColumn::IfThere,
        },
        names: [ClassNames::Auto, ClassNames::Labels, ClassNames::FashionMnist]
            [usize::from(dialect) / 9 % 3],
        scale: if dialect & 64 != 0 { Scale::By(16.0) } else { Scale::Auto },
        drop: if dialect & 32 != 0 { vec!["1".to_owned()] } else { Vec::new() },
        like: (dialect & 16 != 0).then(TrainedOn::default),
    };
    let path = file("images.csv", content);
    let size = unzipped(content);
    let read = bounded(size, || open(&path, &options).map(|dataset| dataset.len()));
    let found = bounded(size, || check(&path, &options, &|_, _| ()));
    if let (Ok(images), Ok(summary)) = (&read, &found) {
        assert_eq!(summary.fault_count, 0, "read in spite of {:?}", summary.faults);
        assert_eq!(summary.rows, *images);
    }
});
