// SPDX-License-Identifier: Apache-2.0
//! Writing a function's body, and the types of those that a patch adds.

use wasmparser::{FuncType, FunctionBody, Operator, OperatorsReader, ValType};

use super::error;
use crate::tune::Result;
use crate::tune::encode;
use crate::tune::module::Module;

const FUNCTION_TYPE: u8 = 0x60;

/// A section of types with those from the `known`-th on added to it.
pub fn with_types(section: &[u8], types: &[FuncType], known: usize) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    encode::unsigned(&mut out, types.len() as u64);
    // Behind the count, whose last byte is the first without the highest bit.
    let entries = section.split_inclusive(|byte| byte & 0x80 == 0).skip(1);
    entries.for_each(|bytes| out.extend_from_slice(bytes));
    for of in types.iter().skip(known) {
        out.push(FUNCTION_TYPE);
        for values in [of.params(), of.results()] {
            encode::unsigned(&mut out, values.len() as u64);
            for each in values {
                let byte = encode::value_type(*each);
                out.push(byte.ok_or_else(|| error(format!("unsupported type: {of}")))?);
            }
        }
    }
    Ok(out)
}

/// A function's locals, with those for values that go into bodies put in place.
pub struct Locals {
    next: u32,
    added: Vec<(u32, ValType)>,
}

impl Locals {
    pub fn of(body: &FunctionBody, parameters: u32) -> Result<Locals> {
        let mut next = parameters;
        for each in body.get_locals_reader()? {
            next = next.saturating_add(each?.0);
        }
        Ok(Locals {
            next,
            added: Vec::new(),
        })
    }

    pub fn for_values(&mut self, of: ValType) -> u32 {
        let mut added = self.added.iter();
        if let Some((local, _)) = added.find(|(_, each)| *each == of) {
            return *local;
        }
        self.added.push((self.next, of));
        self.next += 1;
        self.next - 1
    }

    /// What a body begins with.
    pub fn write(&self, module: &Module, body: &FunctionBody) -> Result<Vec<u8>> {
        let own = body.get_locals_reader()?;
        let entries = own.original_position()..body.get_operators_reader()?.original_position();
        let mut out = Vec::with_capacity(body.range().len());
        let count = u64::from(own.get_count()) + self.added.len() as u64;
        encode::unsigned(&mut out, count);
        out.extend_from_slice(module.slice(entries)?);
        for (_, of) in &self.added {
            encode::unsigned(&mut out, 1);
            let byte = encode::value_type(*of);
            out.push(byte.ok_or_else(|| error(format!("unsupported type: {of}")))?);
        }
        Ok(out)
    }
}

/// Writes each instruction of a body as it was, or as `rewrite` wrote it.
pub fn copy(
    module: &Module,
    body: &FunctionBody,
    out: &mut Vec<u8>,
    mut rewrite: impl FnMut(&Operator, &mut Vec<u8>) -> Result<bool>,
) -> Result<()> {
    let mut reader: OperatorsReader = body.get_operators_reader()?;
    let mut at = reader.original_position();
    while !reader.eof() {
        let operator = reader.read()?;
        let end = reader.original_position();
        if !rewrite(&operator, out)? {
            out.extend_from_slice(module.slice(at..end)?);
        }
        at = end;
    }
    Ok(())
}
