// SPDX-License-Identifier: Apache-2.0
//! The rewriting. Operators are copied byte for byte except calls, branches' hints, and in an
//! inlined body its locals and `return`: types, functions, globals, tables and memories keep their
//! indices, and labels count the same blocks.

use std::collections::HashMap;

use wasmparser::{FuncType, Operator, ValType};

use super::encode::{self, indexed, unsigned};
use super::module::{CODE_SECTION, Defined, Module};
use super::profile::{Heat, Profile};
use super::site::{Site, Sites};
use super::{Error, Result};

// Operators that a callee may have to be inlined. Twelve: about what the call itself costs, so a
// cold one may be, too. Above a hundred the calls saved are few and the caller's registers spill;
// 250 and 1,000 in place of 100 and 400 made the geometric mean 5 % worse.
const SMALL: usize = 12;
const HOT: usize = 100;
const VERY_HOT: usize = 400;

// A function may grow to half again its size, or by this many operators; by small callees, to twice
// that.
const GROWTH: usize = 4_000;

// Calls within calls within calls: what is inlined into what is inlined.
const DEEPEST: usize = 6;

// Tests before a call through the table, and how many of the calls left each must catch.
const MOST_TESTS: usize = 3;
const TEST_CATCHES_PERCENT: u64 = 30;

// What engines accept (the WebAssembly JavaScript interface's limits, which wasmparser has too).
const MOST_LOCALS: u32 = 50_000;
const LARGEST_BODY: usize = 7_654_321;

const HINT_SECTION: &[u8] = b"metadata.code.branch_hint";

/// `module` with its code section rewritten and a section of branch hints.
pub fn rewrite(module: &Module, profile: &Profile) -> Result<Vec<u8>> {
    let mut code = Vec::with_capacity(module.bytes.len() * 5 / 4);
    unsigned(&mut code, (module.functions() - module.imported()).into());
    let mut hints = Hints::default();
    for (function, defined) in module.defined() {
        let rewritten = Rewriter::rewrite(module, profile, function, defined)?;
        encode::prefixed(&mut code, &rewritten.body);
        hints.add(function, &rewritten.hints);
    }
    let mut out = Vec::with_capacity(module.bytes.len() * 5 / 4);
    out.extend_from_slice(module.slice(0..8)?);
    for section in &module.sections {
        if section.id == CODE_SECTION {
            hints.write(&mut out);
            encode::section(&mut out, CODE_SECTION, &code);
        } else {
            encode::section(&mut out, section.id, section.payload);
        }
    }
    Ok(out)
}

/// A branch that is likely or unlikely to be taken: only advice, so always exact.
struct Hint {
    offset: usize,
    likely: bool,
}

#[derive(Default)]
struct Hints {
    functions: u64,
    entries: Vec<u8>,
}

impl Hints {
    fn add(&mut self, function: u32, hints: &[Hint]) {
        if hints.is_empty() {
            return;
        }
        self.functions += 1;
        unsigned(&mut self.entries, function.into());
        unsigned(&mut self.entries, hints.len() as u64);
        for hint in hints {
            unsigned(&mut self.entries, hint.offset as u64);
            self.entries.extend([1, hint.likely.into()]);
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        if self.functions == 0 {
            return;
        }
        let mut payload = Vec::new();
        encode::prefixed(&mut payload, HINT_SECTION);
        unsigned(&mut payload, self.functions);
        payload.extend_from_slice(&self.entries);
        encode::section(out, 0, &payload);
    }
}

/// The locals that inlined bodies and tests need beside a function's own.
struct Locals {
    count: u32,
    added: Vec<(u32, ValType)>,
    free: HashMap<ValType, Vec<u32>>,
}

impl Locals {
    /// A local of that type that nothing else uses until `give_back`. Its value is whatever it was.
    fn borrow(&mut self, of: ValType) -> u32 {
        if let Some(local) = self.free.get_mut(&of).and_then(Vec::pop) {
            return local;
        }
        match self.added.last_mut() {
            Some((count, last)) if *last == of => *count += 1,
            _ => self.added.push((1, of)),
        }
        self.count += 1;
        self.count - 1
    }

    fn give_back(&mut self, local: u32, of: ValType) {
        self.free.entry(of).or_default().push(local);
    }
}

struct Rewritten {
    body: Vec<u8>,
    hints: Vec<Hint>,
}

/// Rewrites one function.
struct Rewriter<'m, 'a> {
    module: &'m Module<'a>,
    profile: &'m Profile,
    locals: Locals,
    out: Vec<u8>,
    hints: Vec<Hint>,
    /// The function, then what is being inlined into it, outermost first.
    path: Vec<u32>,
    operators: usize,
    budget: usize,
}

impl<'m, 'a> Rewriter<'m, 'a> {
    fn rewrite(
        module: &'m Module<'a>,
        profile: &'m Profile,
        function: u32,
        defined: &Defined<'a>,
    ) -> Result<Rewritten> {
        let locals = module.locals_of(function, defined)?;
        let mut rewriter = Rewriter {
            module,
            profile,
            locals: Locals {
                count: locals
                    .iter()
                    .fold(0, |sum, (count, _)| sum.saturating_add(*count)),
                added: Vec::new(),
                free: HashMap::new(),
            },
            out: Vec::with_capacity(defined.body.range().len()),
            hints: Vec::new(),
            path: vec![function],
            operators: 0,
            budget: (defined.operators + GROWTH).max(defined.operators * 3 / 2),
        };
        rewriter.copy(function, defined, None)?;
        rewriter.finish(defined)
    }

    fn finish(self, defined: &Defined<'a>) -> Result<Rewritten> {
        let own = defined.body.get_locals_reader()?;
        let own_entries =
            own.original_position()..defined.body.get_operators_reader()?.original_position();
        let mut body = Vec::with_capacity(self.out.len() + own_entries.len() + 64);
        unsigned(
            &mut body,
            u64::from(own.get_count()) + self.locals.added.len() as u64,
        );
        body.extend_from_slice(self.module.slice(own_entries)?);
        for (count, of) in &self.locals.added {
            unsigned(&mut body, (*count).into());
            body.extend(encode::value_type(*of));
        }
        let start = body.len();
        body.extend_from_slice(&self.out);
        if self.locals.count > MOST_LOCALS || body.len() > LARGEST_BODY {
            let body = self.module.slice(defined.body.range())?.to_vec();
            return Ok(Rewritten {
                body,
                hints: Vec::new(),
            });
        }
        let hints = self.hints.into_iter();
        let hints = hints
            .map(|hint| Hint {
                offset: start + hint.offset,
                ..hint
            })
            .collect();
        Ok(Rewritten { body, hints })
    }

    /// Writes the operators of `function`, its final `end` included. `renamed` are its locals' new
    /// indices when it is inlined; the block around it then stands for the function, so labels keep
    /// their numbers and `return`, which leaves all blocks up to the function's, is a branch out of
    /// as many.
    fn copy(
        &mut self,
        function: u32,
        defined: &Defined<'a>,
        renamed: Option<&[u32]>,
    ) -> Result<()> {
        let mut reader = defined.body.get_operators_reader()?;
        let mut sites = Sites::of(function);
        let mut open_blocks = 0;
        loop {
            let start = reader.original_position();
            let operator = reader.read()?;
            let raw = self.module.slice(start..reader.original_position())?;
            let site = sites.at(&operator);
            self.operators += 1;
            match operator {
                Operator::LocalGet { local_index } if renamed.is_some() => {
                    self.local(encode::LOCAL_GET, local_index, renamed)?;
                }
                Operator::LocalSet { local_index } if renamed.is_some() => {
                    self.local(encode::LOCAL_SET, local_index, renamed)?;
                }
                Operator::LocalTee { local_index } if renamed.is_some() => {
                    self.local(encode::LOCAL_TEE, local_index, renamed)?;
                }
                Operator::Return if renamed.is_some() => {
                    indexed(&mut self.out, encode::BR, open_blocks);
                }
                Operator::Call { function_index } => {
                    let heat = site.map_or(Heat::Cold, |site| self.profile.heat_at(site));
                    self.call(function_index, heat)?;
                }
                Operator::CallIndirect {
                    type_index,
                    table_index,
                } => {
                    let of = self.module.type_at(type_index)?;
                    let tests = match (site, table_index) {
                        (Some(site), 0) => self.tests_at(site, of)?,
                        _ => Vec::new(),
                    };
                    self.call_indirect(raw, type_index, &tests)?;
                }
                Operator::If { .. } | Operator::BrIf { .. } => {
                    if let Some(likely) = site.and_then(|site| self.profile.likely_at(site)) {
                        self.hints.push(Hint {
                            offset: self.out.len(),
                            likely,
                        });
                    }
                    if matches!(operator, Operator::If { .. }) {
                        open_blocks += 1;
                    }
                    self.out.extend_from_slice(raw);
                }
                Operator::Block { .. } | Operator::Loop { .. } | Operator::TryTable { .. } => {
                    open_blocks += 1;
                    self.out.extend_from_slice(raw);
                }
                Operator::End => {
                    self.out.extend_from_slice(raw);
                    if open_blocks == 0 {
                        return Ok(());
                    }
                    open_blocks -= 1;
                }
                _ => self.out.extend_from_slice(raw),
            }
        }
    }

    fn local(&mut self, opcode: u8, local: u32, renamed: Option<&[u32]>) -> Result<()> {
        let new = renamed.and_then(|renamed| renamed.get(local as usize));
        let new = new.ok_or_else(|| Error(format!("malformed module: no local {local}")))?;
        indexed(&mut self.out, opcode, *new);
        Ok(())
    }

    fn call(&mut self, callee: u32, heat: Heat) -> Result<()> {
        match self.module.definition(callee) {
            Some(defined) if self.may_inline(callee, defined, heat) => self.inline(callee, defined),
            _ => {
                indexed(&mut self.out, encode::CALL, callee);
                Ok(())
            }
        }
    }

    fn may_inline(&self, callee: u32, defined: &Defined<'a>, heat: Heat) -> bool {
        let largest = match heat {
            Heat::Cold => SMALL,
            Heat::Hot => HOT,
            Heat::VeryHot => VERY_HOT,
        };
        let budget = if defined.operators <= SMALL {
            self.budget * 2
        } else {
            self.budget
        };
        defined.can_move
            && defined.operators <= largest
            && self.operators + defined.operators <= budget
            && self.path.len() <= DEEPEST
            && !self.path.contains(&callee)
    }

    /// Writes a callee's body in the place of a call. Its locals are borrowed ones of ours:
    /// parameters take their arguments off the stack, the rest are cleared each time, since the
    /// place may be in a loop. A trap or an exception leaves the callee's body as it would leave
    /// the call: within the same blocks of the caller, none in between.
    fn inline(&mut self, callee: u32, defined: &Defined<'a>) -> Result<()> {
        let parameters = self.module.type_of(callee)?.params().len();
        let mut borrowed = Vec::new();
        for (count, of) in self.module.locals_of(callee, defined)? {
            for _ in 0..count {
                borrowed.push((self.locals.borrow(of), of));
            }
        }
        for (local, _) in borrowed.iter().take(parameters).rev() {
            indexed(&mut self.out, encode::LOCAL_SET, *local);
        }
        for (local, of) in borrowed.iter().skip(parameters) {
            self.out.extend_from_slice(encode::zero(*of));
            indexed(&mut self.out, encode::LOCAL_SET, *local);
        }
        let result = self.module.type_of(callee)?.results().first().copied();
        let block_type = result
            .and_then(encode::value_type)
            .unwrap_or(encode::EMPTY_BLOCK);
        self.out.extend([encode::BLOCK, block_type]);
        let renamed: Vec<u32> = borrowed.iter().map(|(local, _)| *local).collect();
        self.path.push(callee);
        self.copy(callee, defined, Some(&renamed))?;
        self.path.pop();
        for (local, of) in borrowed {
            self.locals.give_back(local, of);
        }
        Ok(())
    }

    /// The functions worth testing for before a `call_indirect` of type `of` at `site`.
    fn tests_at(&self, site: Site, of: &FuncType) -> Result<Vec<Test>> {
        let mut tests = Vec::new();
        let Some(indirect) = self.profile.indirect_at(site) else {
            return Ok(tests);
        };
        let mut left = indirect.calls;
        for slot in indirect.slots.iter().take(MOST_TESTS) {
            let heat = self.profile.heat_of(slot.calls);
            let (calls, others) = (u128::from(slot.calls), left.saturating_sub(slot.calls));
            if heat == Heat::Cold
                || calls * 100 < u128::from(left) * u128::from(TEST_CATCHES_PERCENT)
            {
                break;
            }
            // Of another type, the call traps; the call_indirect that stays will see to that.
            if let Some(callee) = self.module.in_slot(slot.slot)
                && self.module.type_of(callee)? == of
            {
                let likely = calls >= u128::from(others) * 50;
                tests.push(Test {
                    slot: slot.slot,
                    callee,
                    heat,
                    likely,
                });
            }
            left = others;
        }
        Ok(tests)
    }

    /// Writes `if slot == S then call F else ... call_indirect`. Nobody can write the table, so
    /// slot S holds F for ever, and F has the very type asked for: where the test holds, the
    /// indirect call could neither trap nor reach another function. Where none holds the original
    /// operator runs, traps included.
    fn call_indirect(&mut self, raw: &[u8], type_index: u32, tests: &[Test]) -> Result<()> {
        if tests.is_empty() {
            self.out.extend_from_slice(raw);
            return Ok(());
        }
        let slot = self.locals.borrow(ValType::I32);
        indexed(&mut self.out, encode::LOCAL_SET, slot);
        for test in tests {
            indexed(&mut self.out, encode::LOCAL_GET, slot);
            encode::i32_const(&mut self.out, test.slot);
            self.out.push(encode::I32_EQ);
            if test.likely {
                self.hints.push(Hint {
                    offset: self.out.len(),
                    likely: true,
                });
            }
            // The block's parameters are the arguments, its results the call's.
            self.out.push(encode::IF);
            encode::signed(&mut self.out, type_index.into());
            self.call(test.callee, test.heat)?;
            self.out.push(encode::ELSE);
        }
        indexed(&mut self.out, encode::LOCAL_GET, slot);
        self.out.extend_from_slice(raw);
        self.out
            .extend(std::iter::repeat_n(encode::END, tests.len()));
        self.locals.give_back(slot, ValType::I32);
        Ok(())
    }
}

/// A test for one slot of the table.
struct Test {
    slot: u32,
    callee: u32,
    heat: Heat,
    likely: bool,
}
