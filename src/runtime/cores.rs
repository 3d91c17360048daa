//! Shares the machine's cores among runs and lends free cores to busy runs.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, RecvError, Sender, TryRecvError, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// A semaphore over the free cores, shared by everything that computes.
#[derive(Clone)]
pub struct Cores {
    state: Arc<(Mutex<State>, Condvar)>,
}

/// The state of the semaphore.
struct State {
    free: usize,
    /// Runs waiting for their first core; nothing is lent until they have it.
    waiting: usize,
}

/// A permit to use one core; released when dropped.
pub struct Core {
    cores: Cores,
}

impl Cores {
    /// `count` free cores, at least one.
    pub fn new(count: usize) -> Cores {
        let state = State { free: count.max(1), waiting: 0 };
        Cores { state: Arc::new((Mutex::new(state), Condvar::new())) }
    }

    /// The number of cores that this process may use.
    pub fn available() -> usize {
        std::thread::available_parallelism().map_or(1, usize::from)
    }

    /// Waits for a core.
    pub fn take(&self) -> Core {
        let mut state = self.lock();
        state.waiting += 1;
        while state.free == 0 {
            state = self.state.1.wait(state).expect("no thread panics while it holds the lock");
        }
        state.waiting -= 1;
        state.free -= 1;
        Core { cores: self.clone() }
    }

    /// Borrows a core if one is free and no run is waiting.
    pub fn try_take(&self) -> Option<Core> {
        let mut state = self.lock();
        if state.waiting > 0 {
            return None;
        }
        state.free = state.free.checked_sub(1)?;
        Some(Core { cores: self.clone() })
    }

    /// Runs `work` in a rayon pool over the caller's core and all cores that are free at the start;
    /// they are released at the end.
    ///
    /// # Errors
    /// The threads cannot be started.
    pub fn run_on_free_cores<R: Send>(&self, work: impl FnOnce() -> R + Send) -> Result<R> {
        let borrowed: Vec<Core> = std::iter::from_fn(|| self.try_take()).collect();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1 + borrowed.len()).build();
        let pool = pool.map_err(|e| {
            let remedy = "use fewer --jobs or --cores, or free some memory";
            Error::Other(format!("cannot start threads: {e}; {remedy}"))
        })?;
        Ok(pool.install(work))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().expect("no thread panics while it holds the lock")
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.cores.lock().free += 1;
        self.cores.state.1.notify_one();
    }
}

/// How long a thread spins for a message before it sleeps.
const SPIN: Duration = Duration::from_micros(50);

/// A job that can run on another thread.
pub type Job<R> = Box<dyn FnOnce() -> R + Send>;

/// Helper threads that run only while a core is free for them.
///
/// They live as long as this value, so that libtorch allocates its per-thread memory only once.
pub struct Workers {
    cores: Cores,
    threads: Vec<Sender<Job<()>>>,
    /// Whether helpers are useful: a GPU needs no second core to feed it.
    enabled: bool,
}

impl Workers {
    /// Threads are started when they are first needed.
    pub fn new(cores: Cores, enabled: bool) -> Workers {
        Workers { cores, threads: Vec::new(), enabled }
    }

    /// Runs all jobs, each on one thread, and returns their results in order.
    ///
    /// The calling thread runs the first job and every other for which no core is free.
    ///
    /// # Panics
    /// If a job panics, the panic is propagated.
    pub fn run<R: Send + 'static>(&mut self, jobs: Vec<Job<R>>) -> Vec<R> {
        enum Slot<R> {
            Here(Job<R>),
            There(Receiver<std::thread::Result<R>>, Core),
        }
        let mut helpers = 0;
        let slots: Vec<Slot<R>> = jobs
            .into_iter()
            .enumerate()
            .map(|(i, job)| match self.core_for(i) {
                Some(core) => {
                    helpers += 1;
                    Slot::There(self.send(helpers - 1, job), core)
                }
                None => Slot::Here(job),
            })
            .collect();
        let finish = |slot| match slot {
            Slot::Here(job) => job(),
            Slot::There(result, _core) => match receive(&result) {
                Ok(Ok(value)) => value,
                Ok(Err(panic)) => resume_unwind(panic),
                Err(_) => unreachable!("a helper thread always answers"),
            },
        };
        slots.into_iter().map(finish).collect()
    }

    /// Applies `work` to all items, on all free cores, and returns them in order. Each thread takes
    /// the next item when it has finished one.
    ///
    /// # Panics
    /// If `work` panics, the panic is propagated.
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
            let next =
                move || queue.lock().expect("no thread panics while it holds the lock").next();
            Box::new(move || {
                let mut done = Vec::new();
                while let Some((index, mut item)) = next() {
                    work(&mut item);
                    done.push((index, item));
                }
                done
            })
        };
        let mut done: Vec<(usize, T)> =
            self.run((0..count).map(|_| job()).collect()).into_iter().flatten().collect();
        done.sort_unstable_by_key(|(index, _)| *index);
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
            // The receiver is gone only if the caller panicked; then nobody is waiting.
            let _ = sender.send(catch_unwind(AssertUnwindSafe(job)));
        };
        self.threads[thread].send(Box::new(answer)).expect("helper threads live as long as self");
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

/// Waits for a message, spinning at first: waking a sleeping thread takes longer than the gap
/// between two passes of a training step. Spinning yields the core to other threads that need it.
fn receive<T>(messages: &Receiver<T>) -> std::result::Result<T, RecvError> {
    let start = Instant::now();
    while start.elapsed() < SPIN {
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
    fn results_keep_their_order_and_only_free_cores_are_used() {
        for (cores, threads) in [(1, 1), (2, 2), (8, 4)] {
            let shared = Cores::new(cores);
            let _own = shared.take();
            let mut workers = Workers::new(shared.clone(), true);
            let done = workers.run(squares());
            assert_eq!(done.iter().map(|d| d.0).collect::<Vec<_>>(), [0, 1, 4, 9]);
            let distinct: std::collections::HashSet<_> = done.iter().map(|d| d.1).collect();
            assert_eq!(distinct.len(), threads, "with {cores} cores");
            assert_eq!(shared.lock().free, cores - 1, "all borrowed cores are returned");
        }
    }

    #[test]
    fn shared_items_keep_their_order_and_each_is_processed_once() {
        for cores in [1, 2, 8] {
            let shared = Cores::new(cores);
            let _own = shared.take();
            let mut workers = Workers::new(shared.clone(), true);
            let done = workers.share((0..20).collect(), |item: &mut usize| *item *= 3);
            assert_eq!(done, (0..20).map(|item| 3 * item).collect::<Vec<_>>());
            assert!(workers.threads.len() < cores, "no more helpers than free cores");
            assert_eq!(shared.lock().free, cores - 1, "all borrowed cores are returned");
        }
        assert!(Workers::new(Cores::new(2), true).share(Vec::<usize>::new(), |_| ()).is_empty());
    }

    #[test]
    fn work_runs_on_exactly_the_free_cores() {
        let cores = Cores::new(4);
        let _own = cores.take();
        let other = cores.take();
        assert_eq!(cores.run_on_free_cores(rayon::current_num_threads).unwrap(), 3);
        drop(other);
        assert_eq!(cores.run_on_free_cores(rayon::current_num_threads).unwrap(), 4);
        assert_eq!(cores.lock().free, 3, "all borrowed cores are returned");
    }

    #[test]
    fn nothing_is_lent_while_a_run_waits_for_a_core() {
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
    fn a_panic_in_a_job_reaches_the_caller_and_releases_the_core() {
        let cores = Cores::new(2);
        let mut workers = Workers::new(cores.clone(), true);
        let jobs: Vec<Job<()>> = vec![Box::new(|| ()), Box::new(|| panic!("a bug"))];
        let catch_resource_errors = catch_unwind(AssertUnwindSafe(|| workers.run(jobs)));
        assert_eq!(*catch_resource_errors.unwrap_err().downcast::<&str>().unwrap(), "a bug");
        assert_eq!(cores.lock().free, 2);
    }
}
