// SPDX-License-Identifier: Apache-2.0
//! Taking a module's contents out, so that an image can stand in for them.

use wasmparser::{ConstExpr, DataKind, ExternalKind, Operator, TypeRef, ValType};

use super::command::kind_of;
use super::module::{Module, Section};
use super::{Result, exhausted, invalid, quoted, unimplemented};
use crate::tune::encode;

// As in skerry/wasm/hollow.h.
const MAX_PAGES: u64 = 65_535;
const MEMORY_EXPORT: &str = "memory";
const START_EXPORT: &str = "skerry.start";
const GLOBAL_EXPORT_PREFIX: &str = "skerry.global.";
const RESERVED_PREFIX: &str = "skerry.";

const PAGE: u64 = 65_536;
const CUSTOM: u8 = 0;
const MEMORY: u8 = 5;
const EXPORT: u8 = 7;
const START: u8 = 8;
const DATA: u8 = 11;

/// How the section of names begins, which `patch` needs: its own name, with its length.
const NAMES: &[u8] = b"\x04name";

/// The order of sections, by their ids, which came in the order of their invention.
const SECTION_ORDER: [u8; 13] = [1, 2, 3, 4, MEMORY, 13, 6, EXPORT, START, 9, 12, 10, DATA];

pub struct Hollow<'a> {
    pub bytes: Vec<u8>,
    /// Where in a fresh memory bytes lie, in the order to apply.
    pub segments: Vec<(u32, &'a [u8])>,
    /// Indices.
    pub mutable_globals: Vec<u32>,
}

/// Refuses a module of whose state an image of memory and globals would not hold all.
pub fn check_state(module: &Module) -> Result<()> {
    let mut found: Vec<String> = module.features.names().map(Into::into).collect();
    // One global is enough to refuse it, and a module may have thousands.
    let global = module
        .globals
        .iter()
        .position(|each| each.of.mutable && each.of.content_type.is_reference_type());
    if let Some((index, global)) = global.and_then(|at| Some((at, module.globals.get(at)?))) {
        let of = global.of.content_type;
        found.push(format!("mutable global {index} of type {of}"));
    }
    if found.is_empty() {
        return Ok(());
    }
    unimplemented(format!(
        "WASM module keeps state outside memory and plain globals: {}",
        found.join(", ")
    ))
}

pub fn hollow<'a>(module: &Module<'a>) -> Result<Hollow<'a>> {
    check_imports_nothing_written(module)?;
    check_export_names(module)?;
    let pages = module.memories.first().map_or(0, |memory| memory.initial);
    if pages > MAX_PAGES {
        return exhausted(format!(
            "WASM module cannot be hollowed: a memory of at least {pages} pages, limit {MAX_PAGES}"
        ));
    }
    let segments = segments(module, pages * PAGE)?;
    let mut mutable_globals = Vec::new();
    for (index, global) in (0..).zip(&module.globals) {
        if global.of.mutable {
            mutable_globals.push(index);
        }
    }
    let bytes = hollow_bytes(module, &mutable_globals);
    Ok(Hollow {
        bytes,
        segments,
        mutable_globals,
    })
}

fn unsupported<T>(what: &str) -> Result<T> {
    unimplemented(format!("WASM module cannot be hollowed: {what}"))
}

fn check_imports_nothing_written(module: &Module) -> Result<()> {
    if module.memories.len() > 1 {
        return unsupported(&format!("{} memories, expected one", module.memories.len()));
    }
    for import in &module.imports {
        let what = match import.ty {
            TypeRef::Memory(_) => "memory",
            TypeRef::Global(of) if of.mutable => "mutable global",
            _ => continue,
        };
        let name = format!("{}.{}", quoted(import.module), quoted(import.name));
        return unsupported(&format!("imported {what} {name}"));
    }
    Ok(())
}

fn check_export_names(module: &Module) -> Result<()> {
    for each in &module.exports {
        if each.name.starts_with(RESERVED_PREFIX) {
            let name = quoted(each.name);
            return invalid(format!(
                "WASM module cannot be hollowed: export {name} takes a name that is reserved"
            ));
        }
        if each.name == MEMORY_EXPORT && each.kind != ExternalKind::Memory {
            let kind = kind_of(each.kind);
            return invalid(format!(
                "WASM module cannot be hollowed: export \"memory\" is a {kind}, expected a memory"
            ));
        }
    }
    Ok(())
}

fn segments<'a>(module: &Module<'a>, size: u64) -> Result<Vec<(u32, &'a [u8])>> {
    // An initialiser sees only the globals before it: of those, the constant ones.
    let mut globals = Vec::new();
    for global in &module.globals {
        let is_constant = !global.of.mutable && global.of.content_type == ValType::I32;
        let initializer = global.initializer.as_ref().filter(|_| is_constant);
        let value = initializer.and_then(|initializer| fold(initializer, &globals));
        globals.push(value);
    }
    let mut segments = Vec::new();
    for (index, segment) in module.data.iter().enumerate() {
        let DataKind::Active { offset_expr, .. } = &segment.kind else {
            continue;
        };
        let Some(offset) = fold(offset_expr, &globals) else {
            return unsupported(&format!(
                "the offset of data segment {index} is not a constant"
            ));
        };
        let end = u64::from(offset) + segment.data.len() as u64;
        if end > size {
            return invalid(format!(
                "WASM module cannot be hollowed: data segment {index} ends at byte {end}, outside \
                 the minimum memory of {size} bytes"
            ));
        }
        if !segment.data.is_empty() {
            segments.push((offset, segment.data));
        }
    }
    Ok(segments)
}

/// None when it is not made of constants, sums, differences, products and constant globals.
fn fold(expression: &ConstExpr, globals: &[Option<u32>]) -> Option<u32> {
    let mut stack: Vec<u32> = Vec::new();
    let mut operators = expression.get_operators_reader();
    while !operators.eof() {
        let combine: fn(u32, u32) -> u32 = match operators.read().ok()? {
            Operator::End => break,
            Operator::I32Const { value } => {
                stack.push(value as u32);
                continue;
            }
            Operator::GlobalGet { global_index } => {
                stack.push((*globals.get(global_index as usize)?)?);
                continue;
            }
            Operator::I32Add => u32::wrapping_add,
            Operator::I32Sub => u32::wrapping_sub,
            Operator::I32Mul => u32::wrapping_mul,
            _ => return None,
        };
        let right = stack.pop()?;
        let left = stack.pop()?;
        stack.push(combine(left, right));
    }
    stack.pop().filter(|_| stack.is_empty())
}

fn hollow_bytes(module: &Module, mutable_globals: &[u32]) -> Vec<u8> {
    let original = |id| module.sections.iter().find(|each| each.id == id);
    let mut out = Vec::with_capacity(module.bytes.len());
    out.extend(module.bytes.iter().take(8)); // magic and version
    for id in SECTION_ORDER {
        let payload = original(id).map_or(&[][..], |section| section.payload);
        match id {
            MEMORY => encode::section(&mut out, id, &memory_payload(module)),
            EXPORT => {
                let payload = export_payload(module, payload, mutable_globals);
                encode::section(&mut out, id, &payload);
            }
            DATA => {
                if let Some(payload) = data_payload(module) {
                    encode::section(&mut out, id, &payload);
                }
            }
            START => {}
            _ if payload.is_empty() => {}
            _ => encode::section(&mut out, id, payload),
        }
    }
    let is_names = |each: &&Section| each.id == CUSTOM && each.payload.starts_with(NAMES);
    if let Some(names) = module.sections.iter().find(is_names) {
        encode::section(&mut out, CUSTOM, names.payload);
    }
    out
}

fn memory_payload(module: &Module) -> Vec<u8> {
    let memory = module.memories.first();
    let maximum = memory.and_then(|memory| memory.maximum);
    let mut out = vec![1, 1]; // one memory; it has a maximum
    encode::unsigned(&mut out, memory.map_or(0, |memory| memory.initial));
    encode::unsigned(&mut out, maximum.unwrap_or(MAX_PAGES).min(MAX_PAGES));
    out
}

fn export_payload(module: &Module, original: &[u8], mutable_globals: &[u32]) -> Vec<u8> {
    let mut added = Vec::new();
    let mut count = module.exports.len() as u64;
    let mut add = |name: &str, kind: u8, index: u32| {
        encode::prefixed(&mut added, name.as_bytes());
        encode::indexed(&mut added, kind, index);
        count += 1;
    };
    if module.find_export(MEMORY_EXPORT).is_none() {
        add(MEMORY_EXPORT, 2, 0);
    }
    for index in mutable_globals {
        add(&format!("{GLOBAL_EXPORT_PREFIX}{index}"), 3, *index);
    }
    if let Some(function) = module.start {
        add(START_EXPORT, 0, function);
    }
    let mut out = Vec::new();
    encode::unsigned(&mut out, count);
    // The old count ends with its first byte below 0x80.
    let old_count = original.iter().take_while(|byte| **byte >= 0x80).count() + 1;
    out.extend(original.iter().skip(old_count));
    out.extend(added);
    out
}

/// Passive segments as they are and an empty passive one for each active one, which is what an
/// active segment is to code once it was applied. None when no code can refer to segments.
fn data_payload(module: &Module) -> Option<Vec<u8>> {
    let is_passive = |kind: &DataKind| matches!(kind, DataKind::Passive);
    let has_passive = module.data.iter().any(|each| is_passive(&each.kind));
    if module.data.is_empty() || !(module.has_data_count || has_passive) {
        return None;
    }
    let mut out = Vec::new();
    encode::unsigned(&mut out, module.data.len() as u64);
    for each in &module.data {
        out.push(1); // passive
        let kept = if is_passive(&each.kind) {
            each.data
        } else {
            &[]
        };
        encode::prefixed(&mut out, kept);
    }
    Some(out)
}
