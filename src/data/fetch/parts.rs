//! The two parts of Fashion-MNIST: names and hashes of their files, and what these hold.

use crate::data::IdxImages;

/// Training or test set: its two IDX files and the CSV file made of them.
pub struct Half {
    /// File names without the `.gz` of upstream.
    pub images: &'static str,
    pub labels: &'static str,
    pub csv: &'static str,
    /// SHA-256 of the decompressed files in hexadecimal.
    pub images_sha256: &'static str,
    pub labels_sha256: &'static str,
    pub csv_sha256: &'static str,
}

/// Fashion-MNIST.
pub const PARTS: [Half; 2] = [
    Half {
        images: "train-images-idx3-ubyte",
        labels: "train-labels-idx1-ubyte",
        csv: "fashion-mnist_train.csv",
        images_sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        labels_sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        csv_sha256: "9b4c3051424ce1d78ff509d54017e2673b27260ea874c5ae9b364c0c1dc8a1b1",
    },
    Half {
        images: "t10k-images-idx3-ubyte",
        labels: "t10k-labels-idx1-ubyte",
        csv: "fashion-mnist_test.csv",
        images_sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        labels_sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        csv_sha256: "a269a18ad7ac639afde1ab2e65f83dd38a4fc321d057cf7039df1e5cff241e91",
    },
];

/// Images and labels of one part.
pub struct Idx {
    pub images: IdxImages,
    pub labels: Vec<u8>,
}
