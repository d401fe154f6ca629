//! Clocks and scales: wall time, processor time, memory, medians.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Ticks of the processor time in `/proc` in a second: fixed at 100 for what programs see.
const TICKS: f64 = 100.0;

/// Returns the processor time this process has used so far, of all its threads, in seconds.
pub fn cpu() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    // The name in brackets may contain blanks; utime and stime are the 12th and 13th field behind it.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / TICKS
}

/// Returns the processor time of this thread so far, in seconds; it is up to date to a few milliseconds.
fn thread_cpu() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

/// Returns how much processor time `work`, which keeps to this thread, took, in seconds: other programs on the machine
/// do not count.
pub fn worked<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let begun = thread_cpu();
    let made = work();
    (thread_cpu() - begun, made)
}

/// Returns a size from `/proc/PID/status`, in MiB; `None` once the process is gone.
pub fn memory(process: &str, field: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? / 1024.0)
}

/// Returns how long `work` took, in seconds.
pub fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let begun = Instant::now();
    let made = work();
    (begun.elapsed().as_secs_f64(), made)
}

/// What one run of a program took.
pub struct Ran {
    pub wall: f64,
    /// The most memory it had resident, in MiB, as seen every 10 ms; 0 where it was not looked at.
    pub peak: f64,
}

/// Runs a program to its end, which must be good, and throws its output away.
pub fn run(command: &mut Command) -> Ran {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null());
    let (wall, status) = timed(|| command.status().unwrap());
    assert!(status.success(), "{command:?}: {status}");
    Ran { wall, peak: 0.0 }
}

/// As [`run`], and looks at its memory meanwhile.
pub fn run_watched(command: &mut Command) -> Ran {
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let process = child.id().to_string();
    let mut peak: f64 = 0.0;
    loop {
        peak = peak.max(memory(&process, "VmHWM").unwrap_or(0.0));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{command:?}: {status}");
            return Ran { wall: begun.elapsed().as_secs_f64(), peak };
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Figures of the same thing, taken in several rounds.
#[derive(Default, Clone)]
pub struct Series(Vec<f64>);

impl Series {
    pub fn push(&mut self, figure: f64) {
        self.0.push(figure);
    }

    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() % 2 {
            0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
            _ => sorted[middle],
        }
    }

    /// Returns the figure that this share of all is not above, such as 0.99 of them.
    pub fn at(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let place = (sorted.len() as f64 * share).ceil() as usize;
        sorted[place.clamp(1, sorted.len()) - 1]
    }

    pub fn least(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub fn most(&self) -> f64 {
        self.0.iter().copied().fold(0.0, f64::max)
    }

    /// Returns, round by round, what `with` makes of this figure and the other's.
    pub fn with(&self, other: &Self, with: impl Fn(f64, f64) -> f64) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(one, two)| with(*one, *two)).collect())
    }

    /// Returns the ratio of the other's figure to this one, round by round: above 1 where this is faster.
    pub fn speed_beside(&self, other: &Self) -> Self {
        self.with(other, |this, other| other / this)
    }
}
