;; Answers with 100 findings that share a text of 64 KiB: little to write, much to read.

(memory (export "memory") 4)
(export "cabi_realloc" (func $realloc))
(func (export "patchpanel:connector/connector@1.0.0#validate") (param $request i32) (result i32) (local $at i32)
    (if (call $triggered (local.get $request)) (then
        (memory.fill (i32.const 131072) (i32.const 120) (i32.const 65536))
        (loop $again
            (i32.store (i32.add (i32.const 65564) (local.get $at)) (i32.const 131072))
            (i32.store (i32.add (i32.const 65568) (local.get $at)) (i32.const 65536))
            (local.set $at (i32.add (local.get $at) (i32.const 56)))
            (br_if $again (i32.lt_u (local.get $at) (i32.const 5600))))
        (i32.store (i32.const 1952) (i32.const 65536))
        (i32.store (i32.const 1956) (i32.const 100))
        (return (i32.const 1952))))
    (call $validate (local.get $request)))
