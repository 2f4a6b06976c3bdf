//! Fuzzing with stable Rust alone: inputs are made from those of a corpus by mutations that know what an input is made of,
//! and must never break what a target says of all of them. Every run of the tests replays the corpus and a few thousand
//! mutations, the same each time; `cargo xtask fuzz` goes on for as long as it is told to.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

mod mutation;

use mutation::Mutator;

/// How long to go on, instead of a number of rounds.
const SECONDS: &str = "PATCHPANEL_FUZZ_SECONDS";

/// Where to begin, instead of always at the same place.
const SEED: &str = "PATCHPANEL_FUZZ_SEED";

/// From one word about what has been done to the next.
const REPORT: Duration = Duration::from_secs(10);

/// What is fuzzed.
pub(crate) struct Target {
    /// Its corpus is the directory of this name in `tests/corpus`.
    pub(crate) name: &'static str,
    /// What else inputs are made of.
    pub(crate) dictionary: &'static [&'static [u8]],
    /// The parts of an input, such as messages, which are moved, doubled and left out as a whole.
    pub(crate) parts: fn(&[u8]) -> Vec<Range<usize>>,
    /// Mutations in every run of the tests.
    pub(crate) rounds: u64,
}

impl Target {
    /// Has every input of the corpus checked, and then mutations of them. A check panics where something is wrong.
    pub(crate) fn run(&self, mut check: impl FnMut(&[u8])) {
        let corpus = self.corpus();
        for (path, input) in &corpus {
            let _failing = Failing { input, told: format!("it is {}", path.display()), kept: None };
            check(input);
        }
        let (limit, seed) = (number(SECONDS).map(Duration::from_secs), number(SEED).unwrap_or_default());
        let inputs: Vec<&[u8]> = corpus.iter().map(|(_, input)| input.as_slice()).collect();
        let (start, mut bytes, mut reported) = (Instant::now(), 0_usize, Duration::ZERO);
        for round in 0_u64.. {
            let took = start.elapsed();
            if limit.map_or(round == self.rounds, |limit| took >= limit) {
                eprintln!("{}: {round} inputs of {bytes} bytes in {:.1} s, seed {seed}", self.name, took.as_secs_f64());
                return;
            }
            if limit.is_some() && took.saturating_sub(reported) > REPORT {
                reported = took;
                eprintln!("{}: {round} inputs of {bytes} bytes so far", self.name);
            }
            // Each round begins anew, so that one alone can be repeated.
            let random = ChaCha8Rng::seed_from_u64(seed.wrapping_mul(1 << 40).wrapping_add(round));
            let input = Mutator { random, inputs: &inputs, dictionary: self.dictionary, parts: self.parts }.input();
            let kept = Some(kept(self.name, seed, round));
            let _failing = Failing { input: &input, told: format!("it is round {round} of the seed {seed}"), kept };
            check(&input);
            bytes += input.len();
        }
    }

    fn corpus(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus").join(self.name);
        let mut paths: Vec<PathBuf> = directory.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        assert!(!paths.is_empty(), "there is nothing in {}", directory.display());
        paths.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "what `cargo xtask fuzz` tells this process")]
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var_os(variable)?;
    let number = text.to_str().and_then(|text| text.parse().ok());
    Some(number.unwrap_or_else(|| panic!("{variable} is no number: {}", text.display())))
}

/// Where an input that fails is kept, beside what else is built.
fn kept(name: &str, seed: u64, round: u64) -> PathBuf {
    let program = std::env::current_exe().unwrap();
    program.ancestors().nth(3).unwrap().join("fuzz").join(format!("{name}-{seed}-{round}"))
}

/// An input that is being checked. When that panics, it is kept and shown.
struct Failing<'a> {
    input: &'a [u8],
    told: String,
    kept: Option<PathBuf>,
}

impl Drop for Failing<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let mut words = self.told.clone();
        if let Some(path) = &self.kept {
            let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
            match made.and_then(|()| std::fs::write(path, self.input)) {
                Ok(()) => drop(write!(words, ", kept as {}", path.display())),
                Err(error) => drop(write!(words, ", and cannot be kept: {error}")),
            }
        }
        eprintln!("the input that fails has {} bytes; {words}: {}", self.input.len(), self.input.escape_ascii());
    }
}
