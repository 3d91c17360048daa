//! What all runs of a command share: data, device, cores and the progress display.

use std::path::Path;
use std::sync::Arc;

use tch::Device;

use crate::config::Config;
use crate::data::{self, DataConfig, DataSplit, Dataset, Images, Watch};
use crate::error::{Error, Fault, Result};
use crate::model::Engine;
use crate::report::Style;
use crate::report::chart::class_names;
use crate::runtime::{Cores, Interrupt, open_device};
use crate::train::Progress;
use crate::words::{count, grouped, things};

/// Loaded data, the device and the cores.
pub struct Session {
    /// The data with labels and classes.
    pub dataset: Arc<Dataset>,
    /// The images on the device.
    pub images: Images,
    /// Where the network is computed.
    pub device: Device,
    /// Name of the device, `cpu` or `cuda:N`.
    pub device_name: String,
    /// The engine that computes the network.
    pub engine: Engine,
    /// The cores that runs share.
    pub cores: Cores,
    /// Style of the pictures.
    pub style: Style,
    /// Progress bars and messages on stderr.
    pub progress: Progress,
    /// Set by Ctrl-C or SIGTERM once [`Session::listen`] was called.
    pub interrupt: Interrupt,
}

impl Session {
    /// Opens the device, loads the data and chooses the engine, and reports all three.
    ///
    /// # Errors
    /// A fault of the file, images that do not fit the network, a device that is not available, an
    /// engine that does not support the network or the device.
    pub fn open(config: &Config, cores: usize, progress: Progress) -> Result<Session> {
        let (device, message) = open_device(config.train.device)?;
        progress.say(&format!("device: {message}"));
        let is_read_once = data::is_read_once(Path::new(&config.data.path));
        let dataset = progress.reading(|watch| load(&config.data, watch))?;
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
                "data: the input can be read only once; evaluating, resuming or reporting later needs \
                 it as a file, named with --data",
            );
        }
        for remark in dataset.reading.lines() {
            progress.say(&format!("data: {remark}"));
        }
        let architecture = config.model.architecture(dataset.shape, dataset.classes.len())?;
        let (engine, message) = config.train.engine.resolve(&*architecture, device)?;
        progress.say(&format!("engine: {message}"));
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

    /// From now on Ctrl-C and SIGTERM stop the work at the next point where everything is saved.
    /// Before, they end the process at once, because there is nothing to save yet.
    ///
    /// # Errors
    /// The system refuses the signal handler.
    pub fn listen(&self) -> Result<()> {
        let progress = self.progress.clone();
        self.interrupt.listen(move || {
            progress.say("saving, then stopping; interrupt again to stop at once");
        })
    }

    /// The session for another thread.
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

    /// Test images, with classes numbered like those of the training data.
    ///
    /// # Errors
    /// The file is the training data itself; images of another size; labels that the training data
    /// lacks.
    pub fn test_images(&self, test: Dataset) -> Result<Dataset> {
        if test.sha256 == self.dataset.sha256 {
            // Metrics on training images say nothing about new images.
            let problem = "is the data that the run was trained on";
            let remedy = "name a file with other images with --test";
            return Err(Fault::new(&test.file, problem).remedy(remedy).into());
        }
        if test.shape != self.dataset.shape {
            let (name, shape, trained) = (test.file.display(), test.shape, self.dataset.shape);
            return Err(Error::Other(format!(
                "{name} has images of {shape}, but the run was trained on {trained}"
            )));
        }
        test.with_classes(&self.dataset.classes)
    }

    /// A warning if test images are also in the training data, pixel by pixel.
    pub fn seen(&self, test: &Dataset) -> Option<String> {
        let seen = self.dataset.shared_with(test);
        let data = self.dataset.file.display();
        (seen > 0).then(|| {
            format!(
                "{} of {} {} also in {data}, the training data: metrics on them say nothing about new \
                 images",
                grouped(seen),
                count(test.len(), "test image"),
                if seen == 1 { "is" } else { "are" },
            )
        })
    }

    /// The split of the data into training, validation and unseen-class images.
    ///
    /// # Errors
    /// As [`DataSplit::of`].
    pub fn parts(&self, config: &Config) -> Result<DataSplit> {
        DataSplit::of(&self.dataset, &config.data, config.train.seed)
    }
}

/// Loads the data file that a configuration names.
///
/// # Errors
/// A fault of the file; if the default file is missing, the message says how to get it.
pub fn load(config: &DataConfig, watch: Watch) -> Result<Dataset> {
    let path = Path::new(&config.path);
    if !path.exists() && *config == DataConfig::default() {
        return Err(Error::Other(format!(
            "{} is missing: get it with dml data fetch, or name another file with --data, for example \
             the small data/fashion-mnist_sample.csv.gz",
            config.path
        )));
    }
    data::open_watched(path, &config.read_options(), watch)
}

fn device_name(device: Device) -> String {
    match device {
        Device::Cuda(number) => format!("cuda:{number}"),
        _ => "cpu".to_owned(),
    }
}
