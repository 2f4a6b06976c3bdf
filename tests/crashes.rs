//! What a crash leaves, and what a stop in good order finishes.

mod load;
mod orphans;
mod stop;

use std::time::{Duration, Instant};

use test_support::patchpanel::Patchpanel;
use test_support::postgres::Postgres;
use test_support::sales;

use load::Writer;

const KILLS: u32 = 20;
const WRITERS: usize = 3;

/// The shortest and the longest time under load before a kill.
const LOAD_MILLISECONDS: (u64, u64) = (20, 250);

/// How long the reaper may take. It starts with the host.
const REAPER_LIMIT: Duration = Duration::from_secs(10);

#[test]
fn a_killed_host_has_everything_that_it_acknowledged_and_nothing_in_part() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let mut host = Patchpanel::start().unwrap();
    let directory = host.directory().clone();
    let mut writers: Vec<Writer> = (0..WRITERS).map(|number| Writer::new(number, server.port())).collect();
    let (mut slowest, mut acknowledged, mut cut_off) = (Duration::ZERO, 0, 0);
    for _ in 0..KILLS {
        let client = host.client_of("acme", "sales", "admin").unwrap();
        let moment = Duration::from_millis(load::random_between(LOAD_MILLISECONDS.0, LOAD_MILLISECONDS.1));
        std::thread::scope(|scope| {
            for writer in &mut writers {
                let client = client.clone();
                scope.spawn(move || writer.write_until_cut_off(&client));
            }
            std::thread::sleep(moment);
            host.kill().unwrap();
        });
        let start = Instant::now();
        host = Patchpanel::builder().directory(&directory).start().unwrap();
        slowest = slowest.max(start.elapsed());

        orphans::none_within(REAPER_LIMIT, &directory.path().join("data"));
        let client = host.client_of("acme", "sales", "admin").unwrap();
        std::thread::scope(|scope| {
            for writer in &mut writers {
                acknowledged += writer.acknowledged;
                cut_off += usize::from(writer.cut_off());
                let client = client.clone();
                scope.spawn(move || writer.check(&client));
            }
        });
        // A create that was asked for again may have put credentials a second time.
        orphans::none_within(REAPER_LIMIT, &directory.path().join("data"));
    }
    assert!(host.stop().unwrap().success());
    assert!(cut_off > 0, "no kill has hit a request, so that this has shown nothing");
    eprintln!(
        "{KILLS} kills among {acknowledged} acknowledged requests cut off {cut_off}; the slowest start took {} ms",
        slowest.as_millis()
    );
}
