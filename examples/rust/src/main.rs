// SPDX-License-Identifier: Apache-2.0
//! Counts lines, words and bytes of standard input, or of the files named as arguments.

use std::io::Read;
use std::{env, fs, io, process};

fn count(name: &str, text: &[u8]) {
    let lines = text.iter().filter(|byte| **byte == b'\n').count();
    let words = text
        .split(|byte| byte.is_ascii_whitespace())
        .filter(|word| !word.is_empty())
        .count();
    println!("{lines} lines, {words} words, {} bytes: {name}", text.len());
}

fn main() {
    let names: Vec<String> = env::args().skip(1).collect();
    if names.is_empty() {
        let mut text = Vec::new();
        if let Err(error) = io::stdin().read_to_end(&mut text) {
            eprintln!("standard input: {error}");
            process::exit(1);
        }
        count("standard input", &text);
    }
    for name in &names {
        match fs::read(name) {
            Ok(text) => count(name, &text),
            Err(error) => {
                eprintln!("{name}: {error}");
                process::exit(1);
            }
        }
    }
}
