// The Rust of rust_test.go, without core, so that no source of the standard
// library is needed. Recorded with rustc 1.97.0-nightly and clang 22, because
// rustc leaves BPF objects to a linker:
//   rustc +nightly --target bpfel-unknown-none -g -O --emit=obj --remap-path-prefix=$PWD=/build names.rs -o names.bc
//   clang-22 -x ir names.bc -c -O2 --target=bpf -o names-rust.bpf.o
#![feature(no_core, lang_items)]
#![no_core]
#![crate_type = "lib"]
#![allow(internal_features)]
#[lang = "pointee_sized"]
pub trait PointeeSized {}
#[lang = "meta_sized"]
pub trait MetaSized: PointeeSized {}
#[lang = "sized"]
pub trait Sized: MetaSized {}
#[lang = "copy"]
pub trait Copy {}
#[lang = "freeze"]
trait Freeze {}
#[lang = "legacy_receiver"]
trait LegacyReceiver {}
impl Copy for u32 {}
impl Copy for u64 {}
impl<T> Copy for *mut T {}

#[repr(C)]
pub struct Stats {
    packets: u32,
    bytes: u64,
}

#[repr(C)]
pub struct XdpMd {
    data: u32,
    data_end: u32,
}

#[inline(always)]
fn add(stats: *mut Stats, n: u64) -> u32 {
    unsafe {
        (*stats).bytes = n;
        (*stats).packets
    }
}

#[no_mangle]
#[link_section = "xdp"]
pub extern "C" fn prog(ctx: *mut XdpMd, stats: *mut Stats) -> u32 {
    let end = unsafe { (*ctx).data_end };
    unsafe { (*stats).packets = end };
    add(stats, 3)
}
