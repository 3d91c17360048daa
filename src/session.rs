//! What all runs of one command share: data, device, cores, and the progress display.

use std::path::Path;
use std::sync::Arc;

use tch::Device;

use crate::config::Config;
use crate::data::{self, DataConfig, DataSplit, Dataset, Images};
use crate::error::{Error, Fault, Result};
use crate::model::Engine;
use crate::report::Style;
use crate::report::chart::class_names;
use crate::runtime::{Cores, Interrupt, open_device};
use crate::train::Progress;
use crate::words::{count, grouped, things};

/// Loaded data on a device, and the machine to work with.
pub struct Session {
    /// The images' labels and classes.
    pub dataset: Arc<Dataset>,
    /// The images.
    pub images: Images,
    /// Where the network is computed.
    pub device: Device,
    /// Its name, `cpu` or `cuda:N`.
    pub device_name: String,
    /// What computes it.
    pub engine: Engine,
    /// The cores that runs share.
    pub cores: Cores,
    /// Where pictures are to be looked at.
    pub style: Style,
    /// Bars and lines on stderr.
    pub progress: Progress,
    /// The user's wish to stop, heard from [`Session::listen`] on.
    pub interrupt: Interrupt,
}

impl Session {
    /// Loads the data, opens the device and chooses the engine, and reports all three.
    ///
    /// # Errors
    /// A fault of the file, images that do not suit the network, a device that cannot be had, an
    /// engine that does not apply.
    pub fn open(config: &Config, cores: usize, progress: Progress) -> Result<Session> {
        let (device, told) = open_device(config.train.device)?;
        progress.say(&format!("device: {told}"));
        let is_read_once = data::is_read_once(Path::new(&config.data.path));
        let dataset = load(&config.data)?;
        progress.say(&format!(
            "data: {}, {} {} of {shape}, {} {}",
            config.data.path,
            dataset.len(),
            things(dataset.len(), "image"),
            dataset.classes.len(),
            things(dataset.classes.len(), "class"),
            shape = dataset.shape,
        ));
        let classes: Vec<String> = dataset.classes.iter().map(|c| c.name.clone()).collect();
        class_names::remarks(&classes).iter().for_each(|remark| progress.say(remark));
        if is_read_once {
            progress.say(
                "data: read once; what reads it again later, to evaluate, go on or report, wants it in \
                 a file that --data names",
            );
        }
        for remark in dataset.reading.lines() {
            progress.say(&format!("data: {remark}"));
        }
        let architecture = config.model.architecture(dataset.shape, dataset.classes.len())?;
        let (engine, told) = config.train.engine.resolve(&architecture, device)?;
        progress.say(&format!("engine: {told}"));
        Ok(Session {
            images: Images::new(&dataset, device),
            dataset: Arc::new(dataset),
            device,
            device_name: device_name(device),
            engine,
            cores: Cores::new(cores),
            style: config.plots.style,
            progress,
            interrupt: Interrupt::default(),
        })
    }

    /// From now on Ctrl-C and SIGTERM let what is under way come to a place where all is saved.
    /// Until then they end the process at once, as long as there is nothing to save.
    ///
    /// # Errors
    /// The system refuses.
    pub fn listen(&self) -> Result<()> {
        let progress = self.progress.clone();
        self.interrupt.listen(move || {
            progress.say("stopping where all is saved; once more stops at once");
        })
    }

    /// The same session for another thread.
    pub fn share(&self) -> Session {
        Session {
            dataset: Arc::clone(&self.dataset),
            images: self.images.share(),
            device: self.device,
            device_name: self.device_name.clone(),
            engine: self.engine,
            cores: self.cores.clone(),
            style: self.style,
            progress: self.progress.clone(),
            interrupt: self.interrupt.clone(),
        }
    }

    /// Test images with the classes numbered as the training images' are.
    ///
    /// # Errors
    /// They are the very images that are trained on; images of another size, or labels that are
    /// not trained on.
    pub fn test_images(&self, test: Dataset) -> Result<Dataset> {
        if test.sha256 == self.dataset.sha256 {
            // Figures on images that the network has seen would say nothing about others.
            let problem = "holds the very images that the run was trained on";
            let remedy = "name a file of other images with --test";
            return Err(Fault::new(&test.file, problem).remedy(remedy).into());
        }
        if test.shape != self.dataset.shape {
            let (name, shape, trained) = (test.file.display(), test.shape, self.dataset.shape);
            return Err(Error::Other(format!(
                "{name} has images of {shape}, the run was trained on {trained}"
            )));
        }
        test.with_classes(&self.dataset.classes)
    }

    /// What is to be known of test images that are among those that runs train on and are measured
    /// by, value by value.
    pub fn seen(&self, test: &Dataset) -> Option<String> {
        let seen = self.dataset.shared_with(test);
        let data = self.dataset.file.display();
        (seen > 0).then(|| {
            format!(
                "{} of {} in {data}, too, which the runs are trained on: figures on them say nothing of \
                 new images",
                grouped(seen),
                count(test.len(), "test image") + if test.len() == 1 { " is" } else { " are" },
            )
        })
    }

    /// Images that a run trains on, that measure it and that judge it.
    ///
    /// # Errors
    /// As [`DataSplit::new`].
    pub fn parts(&self, config: &Config) -> Result<DataSplit> {
        let Dataset { labels, classes, .. } = &*self.dataset;
        DataSplit::new(labels, classes, &config.data, config.train.seed)
    }
}

/// Loads the CSV that a configuration names.
///
/// # Errors
/// A fault of the file; where the full set is missing, the message says how to get it.
pub fn load(config: &DataConfig) -> Result<Dataset> {
    let path = Path::new(&config.path);
    if !path.exists() && *config == DataConfig::default() {
        return Err(Error::Other(format!(
            "there is no {}: get it with dml data fetch, or name a CSV with --data; \
             data/fashion-mnist_sample.csv.gz is a small one",
            config.path
        )));
    }
    data::open(path, &config.read_options())
}

fn device_name(device: Device) -> String {
    match device {
        Device::Cuda(number) => format!("cuda:{number}"),
        _ => "cpu".to_owned(),
    }
}
