// SPDX-License-Identifier: Apache-2.0
//! Makes guest/python/python.profile, which the interpreter is tuned by (skerry/engine/tune.h).
//! Needed when python.wasm or guest/python/training.py changes; takes five minutes on two cores:
//!
//! ```text
//! unzip -q HOME/runtimes/python/python-stdlib.zip -d /tmp/library/python315.zip
//! cargo run --release --manifest-path scripts/profile_python/Cargo.toml -- \
//!     HOME/runtimes/python/python.wasm /tmp/library guest/python/training.py > /tmp/profile
//! mv /tmp/profile guest/python/python.profile
//! ```
//!
//! The training program runs twice: first with a counter at each function's entry, then with one at
//! each call and branch of the functions that were entered. It is deterministic, and so is the
//! profile but for what Python hashes by address.

mod count;
// A developer's command uses the product's own reading and numbering, so that both speak of the
// same places.
#[allow(dead_code)]
#[path = "../../../skerry/engine/wasmtime/src/tune/mod.rs"]
mod tune;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use count::{Counted, Counter, PROBE};
use sha2::{Digest, Sha256};
use tune::module::{Module, hexadecimal};
use tune::profile::HOT_SHARE;
use tune::site::Site;
use wasmtime::{Caller, Config, Engine, Instance, Linker, Result, Store};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

/// What the training program ends in. Counting starts with that call: neither the interpreter's
/// start nor imports count.
const MAIN: &str = "\n\nif __name__ == \"__main__\":\n    main()\n";

// A branch says nothing below so many visits, and is one-sided when one in so many goes the other
// way.
const FEWEST_VISITS: u64 = 200;
const ONE_SIDED: u64 = 50;

/// How often each counter reported which value.
type Counts = Vec<BTreeMap<u32, u64>>;

struct Host {
    wasi: WasiP1Ctx,
    counting: bool,
    counts: Counts,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, wasm, library, training] = &arguments[..] else {
        wasmtime::bail!("usage: profile-python PYTHON.WASM LIBRARY_DIRECTORY TRAINING.PY");
    };
    let bytes = std::fs::read(wasm)?;
    let training = std::fs::read_to_string(training)?;
    let Some(definitions) = training.strip_suffix(MAIN) else {
        wasmtime::bail!("the training program must end in a call of main()");
    };
    let module = Module::read(&bytes).map_err(failure)?;

    let entries = count::count_entries(&module).map_err(failure)?;
    let counts = run(&entries, library, definitions)?;
    let mut entered = HashSet::new();
    for (counter, count) in entries.counters.iter().zip(&counts) {
        if let (Counter::Entry(function), false) = (counter, count.is_empty()) {
            entered.insert(*function);
        }
    }
    eprintln!("{} functions were entered", entered.len());

    let sites = count::count_sites(&module, &entered).map_err(failure)?;
    let counts = run(&sites, library, definitions)?;
    print!("{}", profile(&module, &sites.counters, &counts));
    Ok(())
}

fn failure(error: tune::Error) -> wasmtime::Error {
    wasmtime::Error::msg(error.to_string())
}

/// Runs the training program in a module with counters.
fn run(counted: &Counted, library: &str, definitions: &str) -> Result<Counts> {
    let mut config = Config::new();
    config.wasm_exceptions(true);
    let engine = Engine::new(&config)?;
    eprintln!("compiling {} MB", counted.module.len() / 1_000_000);
    let module = wasmtime::Module::new(&engine, &counted.module)?;
    let mut linker: Linker<Host> = Linker::new(&engine);
    p1::add_to_linker_sync(&mut linker, |host| &mut host.wasi)?;
    linker.func_wrap(
        "host",
        "call",
        |mut caller: Caller<Host>, a: u32, b: u32, _: u32, d: u32| {
            let host = caller.data_mut();
            if d == PROBE && host.counting {
                *host.counts[a as usize].entry(b).or_default() += 1;
            }
            if d == PROBE { 0 } else { -1 }
        },
    )?;
    let wasi = WasiCtxBuilder::new()
        .arg("/usr/local/bin/python.wasm")
        .env("TMPDIR", "/tmp")
        .env("PYTHONTZPATH", "")
        .env("HOME", "/tmp")
        .inherit_stderr()
        .preopened_dir(library, "/usr/local/lib", FsPerms::ReadOnly)?
        .build_p1();
    let counts = vec![BTreeMap::new(); counted.counters.len()];
    let mut store = Store::new(
        &engine,
        Host {
            wasi,
            counting: false,
            counts,
        },
    );
    let instance = linker.instantiate(&mut store, &module)?;
    for name in ["_initialize", "wizer.initialize"] {
        instance
            .get_typed_func::<(), ()>(&mut store, name)?
            .call(&mut store, ())?;
    }
    turn(&mut store, &instance, definitions)?;
    store.data_mut().counting = true;
    turn(&mut store, &instance, "main()")?;
    Ok(store.into_data().counts)
}

/// Has the interpreter execute a text.
fn turn(store: &mut Store<Host>, instance: &Instance, text: &str) -> Result<()> {
    let length = i32::try_from(text.len())?;
    let at: i32 = instance
        .get_typed_func(&mut *store, "host_alloc")?
        .call(&mut *store, length)?;
    let Some(memory) = instance.get_memory(&mut *store, "memory") else {
        wasmtime::bail!("the module exports no memory");
    };
    memory.write(&mut *store, at as usize, text.as_bytes())?;
    let turn = instance.get_typed_func::<(i32, i32), i32>(&mut *store, "turn")?;
    match turn.call(store, (at, length))? {
        0 => Ok(()),
        code => wasmtime::bail!("the training program failed: {code}"),
    }
}

/// The counts as text, without what is too rare to matter.
fn profile(module: &Module, counters: &[Counter], counts: &Counts) -> String {
    let total: u64 = counters
        .iter()
        .zip(counts)
        .map(|(counter, count)| calls(counter, count))
        .sum();
    let is_hot = |calls: u64| calls.saturating_mul(HOT_SHARE) >= total;
    let mut out = format!(
        "code {}\n\
         # What guest/python/training.py made CPython do: made by scripts/profile_python; the\n\
         # format is in skerry/engine/wasmtime/src/tune/profile.rs. Calls rarer than one in\n\
         # {HOT_SHARE} and branches that go both ways are left out. SHA-256 of the module:\n\
         # {}\n\
         total {total}\n",
        module.code_sha256,
        hexadecimal(&Sha256::digest(module.bytes)),
    );
    let mut one_sided: BTreeMap<(u32, &str), String> = BTreeMap::new();
    for (counter, count) in counters.iter().zip(counts) {
        let sum: u64 = count.values().sum();
        match counter {
            Counter::Call(Site { function, number }) if is_hot(sum) => {
                out += &format!("call {function} {number} {sum}\n");
            }
            Counter::Indirect(Site { function, number }) => {
                let mut slots: Vec<_> = count.iter().filter(|(_, calls)| is_hot(**calls)).collect();
                slots.sort_by_key(|(slot, calls)| (Reverse(**calls), **slot));
                if !slots.is_empty() {
                    let slots = slots
                        .iter()
                        .take(4)
                        .map(|(slot, calls)| format!(" {slot} {calls}"));
                    out += &format!(
                        "indirect {function} {number} {sum}{}\n",
                        slots.collect::<String>()
                    );
                }
            }
            Counter::Branch(Site { function, number }) if sum >= FEWEST_VISITS => {
                let untaken = count.get(&0).copied().unwrap_or(0);
                let side = match (untaken * ONE_SIDED < sum, (sum - untaken) * ONE_SIDED < sum) {
                    (true, _) => "likely",
                    (_, true) => "unlikely",
                    _ => continue,
                };
                *one_sided.entry((*function, side)).or_default() += &format!(" {number}");
            }
            _ => {}
        }
    }
    for ((function, side), numbers) in one_sided {
        out += &format!("{side} {function}{numbers}\n");
    }
    out
}

fn calls(counter: &Counter, count: &BTreeMap<u32, u64>) -> u64 {
    match counter {
        Counter::Call(_) | Counter::Indirect(_) => count.values().sum(),
        _ => 0,
    }
}
