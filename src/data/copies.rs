//! Duplicate images within a data set or across two.

use std::collections::HashSet;

use super::dataset::Dataset;
use super::pixels::Pixels;

/// Number of exact duplicates of earlier images in the set.
pub(super) fn within(data: &Dataset) -> usize {
    fn of<T: std::hash::Hash + Eq>(values: &[T], size: usize) -> usize {
        let mut seen = HashSet::with_capacity(values.len() / size);
        values.chunks_exact(size).filter(|image| !seen.insert(*image)).count()
    }
    let size = data.shape.values();
    match &data.pixels {
        Pixels::Bytes(values) => of(values, size),
        Pixels::Floats(_) => of(&scaled(data), size),
    }
}

impl Dataset {
    /// Number of images of another set that are also in this one, compared as the network sees
    /// them. Both must have images of the same shape.
    pub fn shared_with(&self, other: &Dataset) -> usize {
        fn of<T: std::hash::Hash + Eq>(known: &[T], others: &[T], size: usize) -> usize {
            let known: HashSet<&[T]> = known.chunks_exact(size).collect();
            others.chunks_exact(size).filter(|image| known.contains(image)).count()
        }
        let size = self.shape.values();
        match (&self.pixels, &other.pixels) {
            (Pixels::Bytes(known), Pixels::Bytes(others)) if self.scale == other.scale => {
                of(known, others, size)
            }
            _ => of(&scaled(self), &scaled(other), size),
        }
    }
}

/// The bits of all values as the network sees them, with −0 as 0; there is no NaN.
fn scaled(data: &Dataset) -> Vec<u32> {
    let bits = |value: f32| (value / data.scale + 0.0).to_bits();
    match &data.pixels {
        Pixels::Bytes(values) => values.iter().map(|&value| bits(f32::from(value))).collect(),
        Pixels::Floats(values) => values.iter().map(|&value| bits(value)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::coloured;
    use crate::data::{ReadOptions, open};

    fn read(text: &str) -> Dataset {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, text).unwrap();
        open(&path, &ReadOptions::default()).unwrap()
    }

    #[test]
    fn images_are_compared_as_the_network_sees_them() {
        let trained = read("label,a,b,c,d\n0,0,51,102,255\n1,9,9,9,9\n0,1,2,3,4\n");
        let same = "label,a,b,c,d\n1,1,2,3,4\n1,0,51,102,255\n0,255,0,0,0\n";
        assert_eq!(trained.shared_with(&read(same)), 2);
        // The same images with values in 0..1.
        let shares = "label,a,b,c,d\n0,0.0,0.2,0.4,1.0\n1,0.5,0.5,0.5,0.5\n";
        assert_eq!(trained.shared_with(&read(shares)), 1);
        assert_eq!(trained.shared_with(&trained), 3);
        assert_eq!(within(&read(same)), 0);
        assert_eq!(within(&read("label,a,b,c,d\n0,1,2,3,4\n1,1,2,3,4\n1,1,2,3,4\n")), 2);
    }

    #[test]
    fn images_are_compared_in_all_their_channels() {
        let first = coloured();
        let mut second = first.clone();
        let Pixels::Bytes(values) = &mut second.pixels else { panic!("not bytes") };
        // The last channel's last value of the second image; the third becomes the first.
        values[2 * 105 - 1] += 1;
        values.copy_within(..105, 2 * 105);
        assert_eq!((within(&first), within(&second)), (0, 1));
        assert_eq!(first.shared_with(&second), 2);
    }
}
