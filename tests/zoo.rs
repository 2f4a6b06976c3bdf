//! The zoo: connectors that each misbehave in one way, and a host that stays as it is.

mod arena;
mod catalog;

use test_support::directory::TemporaryDirectory;
use test_support::load::Load;

use arena::{Arena, ask};
use catalog::ROWS;

/// How often each misbehaves here; `cargo xtask zoo` does it a hundred times.
const TIMES: usize = 2;

/// Organizations that attack at once.
const ATTACKERS: usize = 4;

/// Requests in a second that must be answered right meanwhile.
const RATE: u32 = 20;

#[test]
fn every_guest_misbehaves_and_nobody_else_notices() {
    let data = TemporaryDirectory::new("zoo").unwrap();
    for allocator in ["pooling", "on-demand"] {
        let mut arena = Arena::open(allocator, &data).unwrap();
        let good = arena.client("good").unwrap();
        let load = Load::start(RATE, move || ask(&good)).unwrap();
        let wrong = std::thread::scope(|scope| {
            let attackers = (0..ATTACKERS).map(|attacker| {
                let client = arena.client(&format!("zoo-{attacker}")).unwrap();
                let arena = &arena;
                let provoke =
                    move |row| (0..TIMES).filter_map(|_| arena.provoke(&client, row).err()).collect::<Vec<_>>();
                scope.spawn(move || ROWS.iter().skip(attacker).step_by(ATTACKERS).flat_map(provoke).collect::<Vec<_>>())
            });
            let attackers: Vec<_> = attackers.collect();
            attackers.into_iter().flat_map(|attacker| attacker.join().unwrap()).collect::<Vec<_>>()
        });
        let wrong: Vec<String> = wrong.iter().map(|error| format!("{error:#}")).collect();
        let report = load.stop().unwrap();
        assert!(wrong.is_empty(), "{allocator}: {}", wrong.join("\n"));
        assert!(report.errors == 0 && report.requests > 0, "{allocator}: {report:?}");
        let log = arena.host.log().unwrap();
        assert!(!log.contains("panicked"), "{allocator}: {}", arena.host.log_tail());
        assert!(arena.host.stop().unwrap().success());
    }
}
