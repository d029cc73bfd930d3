// SPDX-License-Identifier: Apache-2.0
//! Puts counters into a module. They report through the import that the guest has anyway,
//! `host.call`, so that no index changes: `host.call(counter, value, 0, PROBE)`.

use std::collections::HashSet;

use wasmparser::{Operator, Parser, Payload, TypeRef, ValType};

use crate::tune::encode::{self, indexed, unsigned};
use crate::tune::module::{CODE_SECTION, Module};
use crate::tune::site::{Site, Sites};
use crate::tune::{Error, Result};

/// What no other caller of `host.call` passes as its last argument.
pub const PROBE: u32 = 0x5f01;

pub enum Counter {
    /// A function was entered.
    Entry(u32),
    /// A call happened.
    Call(Site),
    /// A call through the table happened: the value is the slot.
    Indirect(Site),
    /// A branch was reached: the value is its condition.
    Branch(Site),
}

pub struct Counted {
    pub module: Vec<u8>,
    /// What each counter counts, by its number.
    pub counters: Vec<Counter>,
}

/// Counts how often each function is entered.
pub fn count_entries(module: &Module) -> Result<Counted> {
    rewrite(module, |probes, function, _| {
        probes.fixed(Counter::Entry(function), 0);
        Ok(true)
    })
}

/// Counts what the calls and branches of `functions` do.
pub fn count_sites(module: &Module, functions: &HashSet<u32>) -> Result<Counted> {
    rewrite(module, |probes, function, module| {
        if !functions.contains(&function) {
            return Ok(true);
        }
        let Some(defined) = module.definition(function) else {
            return Ok(true);
        };
        let mut reader = defined.body.get_operators_reader()?;
        let mut sites = Sites::of(function);
        while !reader.eof() {
            let start = reader.original_position();
            let operator = reader.read()?;
            match (sites.at(&operator), &operator) {
                (Some(site), Operator::Call { .. }) => probes.fixed(Counter::Call(site), 0),
                (Some(site), Operator::CallIndirect { .. }) => probes.top(Counter::Indirect(site)),
                (Some(site), _) => probes.top(Counter::Branch(site)),
                _ => {}
            }
            probes
                .out
                .extend_from_slice(module.slice(start..reader.original_position())?);
        }
        Ok(false)
    })
}

struct Probes {
    host_call: u32,
    counters: Vec<Counter>,
    /// A local of the function at hand that is ours.
    scratch: u32,
    out: Vec<u8>,
}

impl Probes {
    fn fixed(&mut self, counter: Counter, value: u32) {
        encode::i32_const(&mut self.out, self.counters.len() as u32);
        encode::i32_const(&mut self.out, value);
        self.report(counter);
    }

    /// Reports the i32 on top of the stack, and leaves it there.
    fn top(&mut self, counter: Counter) {
        indexed(&mut self.out, encode::LOCAL_SET, self.scratch);
        encode::i32_const(&mut self.out, self.counters.len() as u32);
        indexed(&mut self.out, encode::LOCAL_GET, self.scratch);
        self.report(counter);
        indexed(&mut self.out, encode::LOCAL_GET, self.scratch);
    }

    fn report(&mut self, counter: Counter) {
        const DROP: u8 = 0x1a;
        encode::i32_const(&mut self.out, 0);
        encode::i32_const(&mut self.out, PROBE);
        indexed(&mut self.out, encode::CALL, self.host_call);
        self.out.push(DROP);
        self.counters.push(counter);
    }
}

/// `instrument` writes a function's operators, or their beginning and answers that the function's
/// own are to follow.
fn rewrite(
    module: &Module,
    instrument: impl Fn(&mut Probes, u32, &Module) -> Result<bool>,
) -> Result<Counted> {
    let mut probes = Probes {
        host_call: host_call(module)?,
        counters: vec![],
        scratch: 0,
        out: vec![],
    };
    let mut code = Vec::new();
    unsigned(&mut code, (module.functions() - module.imported()).into());
    for (function, defined) in module.defined() {
        let locals = defined.body.get_locals_reader()?;
        let operators = defined.body.get_operators_reader()?.original_position();
        let mut body = Vec::new();
        unsigned(&mut body, u64::from(locals.get_count()) + 1);
        body.extend_from_slice(module.slice(locals.original_position()..operators)?);
        unsigned(&mut body, 1);
        body.extend(encode::value_type(ValType::I32));
        probes.scratch = module
            .locals_of(function, defined)?
            .iter()
            .map(|(n, _)| n)
            .sum();
        probes.out.clear();
        if instrument(&mut probes, function, module)? {
            let end = defined.body.range().end;
            probes.out.extend_from_slice(module.slice(operators..end)?);
        }
        body.extend_from_slice(&probes.out);
        encode::prefixed(&mut code, &body);
    }
    let mut out = module.slice(0..8)?.to_vec();
    for section in &module.sections {
        let payload = if section.id == CODE_SECTION {
            &code
        } else {
            section.payload
        };
        encode::section(&mut out, section.id, payload);
    }
    Ok(Counted {
        module: out,
        counters: probes.counters,
    })
}

fn host_call(module: &Module) -> Result<u32> {
    let mut functions = 0;
    for payload in Parser::new(0).parse_all(module.bytes) {
        if let Payload::ImportSection(imports) = payload? {
            for import in imports.into_imports() {
                let import = import?;
                if (import.module, import.name) == ("host", "call") {
                    return Ok(functions);
                }
                if matches!(import.ty, TypeRef::Func(_)) {
                    functions += 1;
                }
            }
        }
    }
    Err(Error("the module does not import host.call".into()))
}
