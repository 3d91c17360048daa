//! What is read as the same images: notations of text and numbers, compression, scales.

use super::{GOOD, GOOD_PIXELS, labels, load_with, loaded, message_for};
use crate::data::{Header, ImageShape, LabelColumn, Pixels, ReadOptions, Scale};
use crate::files::sha256_hex;

#[test]
fn pixels_are_rows_and_labels_are_class_indices() {
    let data = loaded(GOOD);
    assert_eq!(data.pixels, Pixels::Bytes(GOOD_PIXELS.to_vec()));
    assert_eq!(
        (data.labels.as_slice(), data.shape),
        ([0, 1, 0, 1].as_slice(), ImageShape::square(2))
    );
    assert_eq!(labels(&data), ["3", "7"]);
    assert_eq!(data.sha256, sha256_hex(GOOD.as_bytes()));
}

#[test]
fn equivalent_notations_give_the_same_images() {
    let plain = loaded(GOOD);
    for other in [
        GOOD.replace('\n', "\r\n"),
        GOOD.replace('\n', "\r"),
        GOOD.trim_end().to_owned(),
        format!("\u{feff}{GOOD}"),
        format!("{GOOD}\n\r\n\n"),
        format!("\n\n{GOOD}"),
        GOOD.replace("\n7", "\n\n7"),
        GOOD.replace(',', " , "),
        GOOD.replace(',', "\t,"),
        GOOD.replace("13,", "\"13\","),
        GOOD.replace("\n7", "\n\"7\""),
        GOOD.replace("label", "\"label\""),
        GOOD.replace(",5,6", ",+5,006"),
    ] {
        let data = loaded(&other);
        assert_eq!((&data.pixels, &data.labels), (&plain.pixels, &plain.labels), "{other:?}");
        assert_eq!(data.classes, plain.classes, "{other:?}");
        assert_eq!(data.sha256, sha256_hex(other.as_bytes()));
    }
}

#[test]
fn a_gzip_gives_the_same_images_and_the_hash_of_its_content() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, GOOD.as_bytes()).unwrap();
    let zipped = encoder.finish().unwrap();
    let data = loaded(&zipped);
    assert_eq!(
        (data.pixels, data.sha256),
        (Pixels::Bytes(GOOD_PIXELS.to_vec()), loaded(GOOD).sha256)
    );
    let cut = message_for(&zipped[..zipped.len() - 9]);
    assert!(cut.starts_with("a.csv: the gzip is truncated after "), "{cut}");
}

#[test]
fn the_range_determines_the_scale_unless_it_is_given() {
    let of = |largest: &str, scale: Scale| {
        let text = format!(
            "label,a,b,c,d\nx,0,0,0,{largest}\nx,0,0,0,{largest}\ny,0,0,0,0\ny,0,0,0,{largest}\n"
        );
        load_with(text, &ReadOptions { scale, ..ReadOptions::default() })
    };
    for (largest, scale) in
        [("1", 1.0), ("0.5", 1.0), ("16", 16.0), ("200", 255.0), ("40000", 65_535.0)]
    {
        assert_eq!(of(largest, Scale::Auto).unwrap().scale, scale, "{largest}");
    }
    assert_eq!(of("1", Scale::By(255.0)).unwrap().scale, 255.0);
    assert_eq!(of("-3", Scale::By(1.0)).unwrap().pixels.range(), Some((-3.0, 0.0)));
    assert!(
        of("70000", Scale::Auto).unwrap_err().to_string().contains("line 2, column d: '70000'")
    );
}

#[test]
fn images_with_float_values_are_displayed_in_grey() {
    let data = loaded("label,a,b,c,d\nx,0,0.5,1,0\nx,0,0.5,1,0\ny,1,1,1,1\ny,0,0,0,0\n");
    assert_eq!(data.image(0), [0, 128, 255, 0]);
    let signed = "label,a,b,c,d\nx,-1,0,1,0\nx,-1,0,1,0\ny,1,1,1,1\ny,0,0,0,0\n";
    let data = load_with(signed, &ReadOptions { scale: Scale::By(1.0), ..ReadOptions::default() })
        .unwrap();
    assert_eq!(data.image(0), [0, 128, 255, 128]);
}

#[test]
fn settings_are_parsed_from_text() {
    assert_eq!(LabelColumn::from("auto"), LabelColumn::Auto);
    assert_eq!(LabelColumn::from("3"), LabelColumn::Given("3".to_owned()));
    let read = ["auto", "yes", "no"].map(|text| text.parse::<Header>().unwrap());
    assert_eq!(read, [Header::Auto, Header::Yes, Header::No]);
    let message = "maybe".parse::<Header>().unwrap_err().to_string();
    assert_eq!(message, "data.header = maybe: must be auto, yes or no");
}
