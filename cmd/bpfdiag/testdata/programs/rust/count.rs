// The Rust of script/rust.txtar: programs as aya's macros and bindings leave
// them, without its crates. Recorded with rustc 1.97.0-nightly, the core of Debian's
// rust-src 1.97.1 and clang 22, because rustc leaves BPF objects to a linker:
//   T="--target bpfel-unknown-none -g -C opt-level=3 -C panic=abort"
//   rustc $T --crate-name core --edition 2024 --emit=metadata -Z always-encode-mir --out-dir lib .../library/core/src/lib.rs
//   rustc $T -L lib --edition 2021 -C codegen-units=1 --remap-path-prefix=$PWD=/build --emit=obj count.rs -o count.bc
//   clang-22 -x ir count.bc -c -O2 --target=bpf -o count.bpf.o
// compiler_builtins is an empty crate. The name of the folder that core was built in is
// replaced by another of the same length.
#![no_std]
#![crate_type = "lib"]
#![allow(non_camel_case_types)]

/// A map whose types are in BTF.
#[repr(C)]
pub struct HashMap<K, V> {
    r#type: *const [i32; 1],
    key: *const K,
    value: *const V,
    max_entries: *const [i32; 16],
}
unsafe impl<K, V> Sync for HashMap<K, V> {}

impl<K, V> HashMap<K, V> {
    #[inline(always)]
    fn get(&'static self, key: &K) -> Option<&'static V> {
        unsafe { self.get_ptr_mut(key).as_ref() }
    }
    #[inline(always)]
    fn get_ptr_mut(&'static self, key: &K) -> *mut V {
        // bpf_map_lookup_elem
        let lookup: unsafe extern "C" fn(*const HashMap<K, V>, *const K) -> *mut V =
            unsafe { core::mem::transmute(1usize) };
        unsafe { lookup(self, key) }
    }
}

#[no_mangle]
#[link_section = ".maps"]
static COUNTERS: HashMap<u32, u64> = HashMap {
    r#type: 0 as *const [i32; 1],
    key: 0 as *const u32,
    value: 0 as *const u64,
    max_entries: 0 as *const [i32; 16],
};

#[no_mangle]
#[link_section = "license"]
static LICENSE: [u8; 4] = [71, 80, 76, 0];

#[repr(C)]
pub struct xdp_md {
    data: u32,
    data_end: u32,
}

pub struct XdpContext {
    ctx: *mut xdp_md,
}

impl XdpContext {
    #[inline(always)]
    fn data(&self) -> usize {
        unsafe { (*self.ctx).data as usize }
    }
    #[inline(always)]
    fn data_end(&self) -> usize {
        unsafe { (*self.ctx).data_end as usize }
    }
}

#[inline(always)]
fn ptr_at<T>(ctx: &XdpContext, offset: usize) -> *const T {
    (ctx.data() + offset) as *const T
}

/// The access is not compared with the end of the packet.
#[no_mangle]
#[link_section = "xdp"]
pub extern "C" fn slice(ctx: *mut xdp_md) -> u32 {
    let ctx = XdpContext { ctx };
    let names: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
    let i = ctx.data_end() - ctx.data();
    names[i] as u32
}

#[no_mangle]
#[link_section = "xdp"]
pub extern "C" fn option(_ctx: *mut xdp_md) -> u32 {
    match COUNTERS.get(&1) {
        Some(count) => *count as u32,
        None => 2,
    }
}

/// The access is not compared with the end of the packet.
#[no_mangle]
#[link_section = "xdp"]
pub extern "C" fn unchecked(ctx: *mut xdp_md) -> u32 {
    let ctx = XdpContext { ctx };
    let protocol: *const u8 = ptr_at(&ctx, 23);
    if unsafe { *protocol } as usize == 6 {
        return 1;
    }
    2
}

/// The value is not there for each key.
#[no_mangle]
#[link_section = "xdp"]
pub extern "C" fn null_value(_ctx: *mut xdp_md) -> u32 {
    let key = 1u32;
    let count = COUNTERS.get_ptr_mut(&key);
    unsafe { *count += 1 };
    2
}

/// The loop has no end.
#[no_mangle]
#[link_section = "xdp"]
pub extern "C" fn endless(ctx: *mut xdp_md) -> u32 {
    let ctx = XdpContext { ctx };
    let key = 1u32;
    loop {
        let count = COUNTERS.get_ptr_mut(&key);
        if count as usize == ctx.data() {
            return 1;
        }
    }
}

#[no_mangle]
#[link_section = "xdp"]
pub extern "C" fn accepted(ctx: *mut xdp_md) -> u32 {
    let ctx = XdpContext { ctx };
    if ctx.data() + 24 > ctx.data_end() {
        return 1;
    }
    let protocol: *const u8 = ptr_at(&ctx, 23);
    let key = unsafe { *protocol } as u32;
    let count = COUNTERS.get_ptr_mut(&key);
    if count as usize != 0 {
        unsafe { *count += 1 };
    }
    2
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
