;; Answers with so many findings that their size is more than 32 bits.

(memory (export "memory") 2)
(export "cabi_realloc" (func $realloc))
(func (export "patchpanel:connector/connector@1.0.0#validate") (param $request i32) (result i32)
    (if (call $triggered (local.get $request)) (then
        (i32.store (i32.const 1956) (i32.const 0x7fffffff))
        (return (i32.const 1952))))
    (call $validate (local.get $request)))
