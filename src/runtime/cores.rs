//! Sharing the machine's cores among runs, and lending those that are free to runs at work.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, RecvError, Sender, TryRecvError, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// The cores that are free, shared by everything that computes.
#[derive(Clone)]
pub struct Cores {
    state: Arc<(Mutex<State>, Condvar)>,
}

/// What is known of the cores at a moment.
struct State {
    free: usize,
    /// Runs that wait for a core of their own; nothing is lent before they have it.
    waiting: usize,
}

/// The right to keep one core busy; given back when dropped.
pub struct Core {
    cores: Cores,
}

impl Cores {
    /// `count` free cores, at least one.
    pub fn new(count: usize) -> Cores {
        let state = State { free: count.max(1), waiting: 0 };
        Cores { state: Arc::new((Mutex::new(state), Condvar::new())) }
    }

    /// As many cores as the system lets this process use.
    pub fn available() -> usize {
        std::thread::available_parallelism().map_or(1, usize::from)
    }

    /// Waits for a core.
    pub fn take(&self) -> Core {
        let mut state = self.lock();
        state.waiting += 1;
        while state.free == 0 {
            state = self.state.1.wait(state).expect("no thread panics while it counts");
        }
        state.waiting -= 1;
        state.free -= 1;
        Core { cores: self.clone() }
    }

    /// A core to borrow, if one is free at this moment and no run waits for it.
    pub fn try_take(&self) -> Option<Core> {
        let mut state = self.lock();
        if state.waiting > 0 {
            return None;
        }
        state.free = state.free.checked_sub(1)?;
        Some(Core { cores: self.clone() })
    }

    /// Does work that spreads over a rayon pool, on the calling thread's own core and on those that
    /// are free when it begins; they are free again when it ends.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn spread<R: Send>(&self, work: impl FnOnce() -> R + Send) -> Result<R> {
        let borrowed: Vec<Core> = std::iter::from_fn(|| self.try_take()).collect();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1 + borrowed.len()).build();
        let pool = pool.map_err(|e| {
            let way_out = "take fewer --jobs or --cores, or free some memory";
            Error::Other(format!("cannot start threads: {e}; {way_out}"))
        })?;
        Ok(pool.install(work))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().expect("no thread panics while it counts")
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.cores.lock().free += 1;
        self.cores.state.1.notify_one();
    }
}

/// How long a thread looks out for a message before it sleeps.
const AWAKE: Duration = Duration::from_micros(50);

/// Work that can move to another thread.
pub type Job<R> = Box<dyn FnOnce() -> R + Send>;

/// Helping threads that work only while a core is free for them.
///
/// They live as long as this value, so that libtorch's memory for a thread is made once.
pub struct Workers {
    cores: Cores,
    threads: Vec<Sender<Job<()>>>,
    /// Whether helping makes sense: a GPU needs no second core to feed it.
    enabled: bool,
}

impl Workers {
    /// No threads yet; they are started when they are first of use.
    pub fn new(cores: Cores, enabled: bool) -> Workers {
        Workers { cores, threads: Vec::new(), enabled }
    }

    /// Does all jobs, each on one thread, and gives their results in order.
    ///
    /// The calling thread takes the first job and every other for which no core is free.
    ///
    /// # Panics
    /// If a job panics, its panic goes on here.
    pub fn run<R: Send + 'static>(&mut self, jobs: Vec<Job<R>>) -> Vec<R> {
        enum Place<R> {
            Here(Job<R>),
            There(Receiver<std::thread::Result<R>>, Core),
        }
        let mut helpers = 0;
        let places: Vec<Place<R>> = jobs
            .into_iter()
            .enumerate()
            .map(|(i, job)| match self.core_for(i) {
                Some(core) => {
                    helpers += 1;
                    Place::There(self.send(helpers - 1, job), core)
                }
                None => Place::Here(job),
            })
            .collect();
        let finish = |place| match place {
            Place::Here(job) => job(),
            Place::There(result, _core) => match receive(&result) {
                Ok(Ok(value)) => value,
                Ok(Err(panic)) => resume_unwind(panic),
                Err(_) => unreachable!("a helping thread always answers"),
            },
        };
        places.into_iter().map(finish).collect()
    }

    /// Works on all items, on as many threads as there are free cores, and gives them back in
    /// order. Whoever is done with one takes the next.
    ///
    /// # Panics
    /// If the work panics, its panic goes on here.
    pub fn share<T: Send + 'static>(
        &mut self,
        items: Vec<T>,
        work: impl Fn(&mut T) + Send + Sync + 'static,
    ) -> Vec<T> {
        let count = items.len();
        let queue = Arc::new(Mutex::new(items.into_iter().enumerate()));
        let work = Arc::new(work);
        let job = || -> Job<Vec<(usize, T)>> {
            let (queue, work) = (Arc::clone(&queue), Arc::clone(&work));
            let next = move || queue.lock().expect("no thread panics while it takes").next();
            Box::new(move || {
                let mut done = Vec::new();
                while let Some((place, mut item)) = next() {
                    work(&mut item);
                    done.push((place, item));
                }
                done
            })
        };
        let mut done: Vec<(usize, T)> =
            self.run((0..count).map(|_| job()).collect()).into_iter().flatten().collect();
        done.sort_unstable_by_key(|(place, _)| *place);
        done.into_iter().map(|(_, item)| item).collect()
    }

    fn core_for(&self, job: usize) -> Option<Core> {
        if job == 0 || !self.enabled { None } else { self.cores.try_take() }
    }

    fn send<R: Send + 'static>(
        &mut self,
        thread: usize,
        job: Job<R>,
    ) -> Receiver<std::thread::Result<R>> {
        while self.threads.len() <= thread {
            self.threads.push(start_thread());
        }
        let (sender, receiver) = channel();
        let answer = move || {
            // The receiver is gone only when the caller panicked, and then nobody is waiting.
            let _ = sender.send(catch_unwind(AssertUnwindSafe(job)));
        };
        self.threads[thread].send(Box::new(answer)).expect("a helping thread lives as long as we");
        receiver
    }
}

fn start_thread() -> Sender<Job<()>> {
    let (sender, jobs) = channel::<Job<()>>();
    std::thread::spawn(move || {
        super::one_libtorch_thread();
        while let Ok(job) = receive(&jobs) {
            job();
        }
    });
    sender
}

/// Waits for a message, at first awake: to wake a sleeping thread takes the system longer than what
/// lies between two passes of a training step. Whoever else needs the core meanwhile has it.
fn receive<T>(messages: &Receiver<T>) -> std::result::Result<T, RecvError> {
    let begin = Instant::now();
    while begin.elapsed() < AWAKE {
        match messages.try_recv() {
            Ok(message) => return Ok(message),
            Err(TryRecvError::Disconnected) => return Err(RecvError),
            Err(TryRecvError::Empty) => std::thread::yield_now(),
        }
    }
    messages.recv()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    fn squares() -> Vec<Job<(usize, thread::ThreadId)>> {
        let job = |i: usize| -> Job<_> { Box::new(move || (i * i, thread::current().id())) };
        (0..4).map(job).collect()
    }

    #[test]
    fn results_keep_their_order_and_threads_stay_within_the_free_cores() {
        for (cores, threads) in [(1, 1), (2, 2), (8, 4)] {
            let shared = Cores::new(cores);
            let _own = shared.take();
            let mut workers = Workers::new(shared.clone(), true);
            let done = workers.run(squares());
            assert_eq!(done.iter().map(|d| d.0).collect::<Vec<_>>(), [0, 1, 4, 9]);
            let distinct: std::collections::HashSet<_> = done.iter().map(|d| d.1).collect();
            assert_eq!(distinct.len(), threads, "with {cores} cores");
            assert_eq!(shared.lock().free, cores - 1, "all borrowed cores are given back");
        }
    }

    #[test]
    fn shared_items_keep_their_order_and_each_is_worked_on_once() {
        for cores in [1, 2, 8] {
            let shared = Cores::new(cores);
            let _own = shared.take();
            let mut workers = Workers::new(shared.clone(), true);
            let done = workers.share((0..20).collect(), |item: &mut usize| *item *= 3);
            assert_eq!(done, (0..20).map(|item| 3 * item).collect::<Vec<_>>());
            assert!(workers.threads.len() < cores, "no more helpers than free cores");
            assert_eq!(shared.lock().free, cores - 1, "all borrowed cores are given back");
        }
        assert!(Workers::new(Cores::new(2), true).share(Vec::<usize>::new(), |_| ()).is_empty());
    }

    #[test]
    fn work_spreads_over_the_free_cores_and_no_more() {
        let cores = Cores::new(4);
        let _own = cores.take();
        let other = cores.take();
        assert_eq!(cores.spread(rayon::current_num_threads).unwrap(), 3);
        drop(other);
        assert_eq!(cores.spread(rayon::current_num_threads).unwrap(), 4);
        assert_eq!(cores.lock().free, 3, "all borrowed cores are given back");
    }

    #[test]
    fn nothing_is_lent_while_a_run_waits_for_a_core_of_its_own() {
        let cores = Cores::new(1);
        let own = cores.take();
        let waiting = {
            let cores = cores.clone();
            thread::spawn(move || drop(cores.take()))
        };
        while cores.lock().waiting == 0 {
            thread::yield_now();
        }
        cores.lock().free += 1;
        assert!(cores.try_take().is_none());
        cores.lock().free -= 1;
        drop(own);
        waiting.join().unwrap();
        assert!(cores.try_take().is_some());
    }

    #[test]
    fn a_panic_of_a_job_reaches_the_caller_and_frees_the_core() {
        let cores = Cores::new(2);
        let mut workers = Workers::new(cores.clone(), true);
        let jobs: Vec<Job<()>> = vec![Box::new(|| ()), Box::new(|| panic!("a bug"))];
        let caught = catch_unwind(AssertUnwindSafe(|| workers.run(jobs)));
        assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "a bug");
        assert_eq!(cores.lock().free, 2);
    }
}
