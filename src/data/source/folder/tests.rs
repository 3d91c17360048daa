use std::fs;
use std::path::{Path, PathBuf};

use image::{GrayImage, Luma, Rgb, RgbImage};

use crate::data::{
    ChannelChoice, Dataset, Fit, ImageShape, LabelColumn, PictureOptions, PictureSize, ReadOptions,
    Rows, check, open,
};

/// A folder of pictures.
struct Photos(tempfile::TempDir);

impl Photos {
    fn new() -> Photos {
        Photos(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    /// Adds a picture of one grey value.
    fn grey(&self, name: &str, (height, width): (u32, u32), value: u8) {
        GrayImage::from_pixel(width, height, Luma([value])).save(self.file(name)).unwrap();
    }

    /// Adds a picture of one colour.
    fn colour(&self, name: &str, (height, width): (u32, u32), colour: [u8; 3]) {
        RgbImage::from_pixel(width, height, Rgb(colour)).save(self.file(name)).unwrap();
    }

    fn open(&self, options: &ReadOptions) -> Dataset {
        open(self.path(), options).unwrap_or_else(|error| panic!("{error}"))
    }

    fn message(&self, options: &ReadOptions) -> String {
        let message = open(self.path(), options).unwrap_err().to_string();
        message.replace(&format!("{}", self.path().display()), "photos")
    }
}

fn labels(data: &Dataset) -> Vec<&str> {
    data.labels.iter().map(|&label| data.classes[label as usize].label.as_str()).collect()
}

fn with(pictures: PictureOptions) -> ReadOptions {
    ReadOptions { pictures, ..ReadOptions::default() }
}

fn sized(height: usize, width: usize, fit: Fit) -> ReadOptions {
    with(PictureOptions {
        size: PictureSize::Of { height, width },
        fit,
        ..PictureOptions::default()
    })
}

#[test]
fn a_class_is_the_first_folder_and_nested_pictures_count() {
    let photos = Photos::new();
    photos.grey("dog/1.png", (4, 6), 10);
    photos.grey("cat/more/2.PNG", (4, 6), 20);
    photos.grey("cat/1.png", (4, 6), 30);
    photos.grey("loose.png", (4, 6), 40);
    fs::write(photos.file("cat/notes.txt"), "x").unwrap();
    let data = photos.open(&ReadOptions::default());
    assert_eq!(labels(&data), ["cat", "cat", "dog"]);
    // However dark the pictures are.
    assert_eq!((data.shape, data.scale), (ImageShape::grey(4, 6), 255.0));
    assert_eq!([data.image(0)[0], data.image(1)[0], data.image(2)[0]], [30, 20, 10]);
    assert_eq!(data.validation, None);
    let remarks = &data.reading.remarks;
    assert_eq!(remarks[0], "left out: 1 file that is no picture: 1 .txt");
    assert_eq!(remarks[1], "left out: 1 picture in no folder of a class: loose.png");
}

#[test]
fn one_picture_in_colour_makes_all_images_rgb() {
    let photos = Photos::new();
    photos.grey("a/1.png", (2, 2), 7);
    photos.colour("b/1.png", (2, 2), [1, 2, 3]);
    let data = photos.open(&ReadOptions::default());
    assert_eq!(data.shape, ImageShape { channels: 3, height: 2, width: 2 });
    assert_eq!(data.image(0), [7; 12]);
    assert_eq!(data.image(1), [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
    let grey = with(PictureOptions { channels: ChannelChoice::Grey, ..PictureOptions::default() });
    let grey = photos.open(&grey);
    assert_eq!((grey.shape, grey.image(1)), (ImageShape::square(2), &[2, 2, 2, 2][..]));
    assert_ne!(grey.identity(), data.identity());
}

#[test]
fn grey_pictures_stored_in_three_channels_stay_grey_unless_rgb_is_chosen() {
    let photos = Photos::new();
    photos.colour("a/1.png", (2, 2), [9, 9, 9]);
    photos.grey("b/1.png", (2, 2), 7);
    assert_eq!(photos.open(&ReadOptions::default()).shape, ImageShape::square(2));
    let rgb = with(PictureOptions { channels: ChannelChoice::Rgb, ..PictureOptions::default() });
    let rgb = photos.open(&rgb);
    assert_eq!((rgb.shape.channels, rgb.image(1)), (3, &[7; 12][..]));
}

#[test]
fn pictures_of_several_sizes_are_listed_and_a_chosen_size_fits_them() {
    let photos = Photos::new();
    photos.grey("a/1.png", (8, 8), 10);
    photos.grey("a/2.png", (8, 8), 20);
    photos.grey("b/1.png", (4, 8), 30);
    let message = photos.message(&ReadOptions::default());
    assert_eq!(
        message,
        "photos: has pictures of 2 sizes, height × width: 8×8 (2), 4×8 (1); choose one for all, as in \
         --size 64 or --size 48x64; --fit crop, pad or stretch says how"
    );
    let cropped = photos.open(&sized(4, 4, Fit::Crop));
    assert_eq!(cropped.shape, ImageShape::square(4));
    assert!(cropped.image(2).iter().all(|&value| value == 30));
    assert!(cropped.reading.remarks[0].contains("3 of 3 resized to 4×4"), "{:?}", cropped.reading);
    let padded = photos.open(&sized(4, 4, Fit::Pad));
    assert_eq!(padded.image(2)[..8], [0, 0, 0, 0, 30, 30, 30, 30]);
}

#[test]
fn folders_for_training_validation_and_testing_are_kept_apart() {
    let photos = Photos::new();
    for (name, value) in
        [("train/a/1.png", 1), ("train/b/1.png", 2), ("val/a/1.png", 3), ("test/b/1.png", 4)]
    {
        photos.grey(name, (2, 2), value);
    }
    let training = photos.open(&ReadOptions::default());
    assert_eq!(labels(&training), ["a", "b", "a"]);
    assert_eq!(training.validation, Some(vec![2]));
    let remark = &training.reading.remarks[0];
    assert!(remark.starts_with("parts: 2 images for training, 1 for validation"), "{remark}");
    assert!(remark.contains("1 for testing are left out: evaluate them with --test"), "{remark}");
    let test = photos.open(&ReadOptions { rows: Rows::Test, ..ReadOptions::default() });
    assert_eq!((labels(&test), test.image(0)[0]), (vec!["b"], 4));
    assert_ne!(test.sha256, training.sha256);
    let all = photos.open(&ReadOptions { rows: Rows::All, ..ReadOptions::default() });
    assert_eq!(all.len(), 4);
}

#[test]
fn folders_that_look_like_parts_beside_others_with_the_same_classes_are_refused() {
    for (train, test) in [("seg_train", "seg_test"), ("val", "test"), ("train", "extra")] {
        let photos = Photos::new();
        for part in [train, test] {
            photos.grey(&format!("{part}/a/1.png"), (2, 2), 1);
            photos.grey(&format!("{part}/b/1.png"), (2, 2), 2);
        }
        let message = photos.message(&ReadOptions::default());
        assert!(message.contains("look like parts of a data set"), "{message}");
        assert!(message.contains("with --test"), "{message}");
    }
}

#[test]
fn classes_may_be_called_like_parts_beside_other_classes() {
    let photos = Photos::new();
    photos.grey("train/1.png", (2, 2), 1);
    photos.grey("bus/1.png", (2, 2), 2);
    assert_eq!(labels(&photos.open(&ReadOptions::default())), ["bus", "train"]);
}

#[test]
fn a_broken_picture_is_named_and_skipped_only_when_asked() {
    let photos = Photos::new();
    photos.grey("a/1.png", (2, 2), 1);
    photos.grey("b/1.png", (2, 2), 2);
    fs::write(photos.file("b/empty.jpg"), "").unwrap();
    let message = photos.message(&ReadOptions::default());
    assert!(message.starts_with("photos/b/empty.jpg: is empty"), "{message}");
    assert!(message.contains("--skip-broken"), "{message}");
    let summary = check(photos.path(), &ReadOptions::default(), &|_, _| ()).unwrap();
    assert_eq!((summary.rows, summary.fault_count), (3, 1));
    assert_eq!(summary.content.unwrap().images, 2);
    let skip = with(PictureOptions { skip_broken: true, ..PictureOptions::default() });
    assert_eq!(check(photos.path(), &skip, &|_, _| ()).unwrap().rows, 2);
    let data = photos.open(&skip);
    assert_eq!(labels(&data), ["a", "b"]);
    assert_eq!(data.reading.remarks, ["images: 1 broken picture left out: b/empty.jpg is empty"]);
}

#[test]
fn a_folder_without_classes_is_refused_with_what_is_in_it() {
    let photos = Photos::new();
    let any = ReadOptions::default();
    assert!(photos.message(&any).starts_with("photos: has no pictures; expected JPEG"));
    fs::write(photos.file("a.csv"), "x").unwrap();
    assert!(photos.message(&any).starts_with("photos: has no pictures (only 1 .csv)"));
    photos.grey("1.png", (2, 2), 1);
    assert!(photos.message(&any).contains("has pictures, but no folder for each class"));
    let embed = ReadOptions { label: LabelColumn::IfThere, ..ReadOptions::default() };
    assert_eq!(photos.open(&embed).len(), 1);
    photos.grey("set/a/1.png", (2, 2), 1);
    photos.grey("set/b/1.png", (2, 2), 1);
    let message = photos.message(&any);
    assert!(message.contains("has one folder, set, which has 2 folders of pictures"), "{message}");
    assert!(message.ends_with("name that one: dml data check photos/set"), "{message}");
}

#[test]
fn flags_for_columns_are_refused() {
    let photos = Photos::new();
    photos.grey("a/1.png", (2, 2), 1);
    let label = ReadOptions { label: LabelColumn::Given("y".to_owned()), ..ReadOptions::default() };
    assert!(photos.message(&label).ends_with("which has no columns; omit --label y"));
    let drop = ReadOptions { drop: vec!["id".to_owned()], ..ReadOptions::default() };
    assert!(photos.message(&drop).ends_with("omit --drop"));
}

#[test]
fn folders_whose_names_are_one_number_are_two_classes() {
    let photos = Photos::new();
    photos.grey("1/1.png", (2, 2), 1);
    photos.grey("01/1.png", (2, 2), 2);
    assert_eq!(photos.open(&ReadOptions::default()).classes.len(), 2);
}
