;; Answers with a text that lies behind the memory.

(memory (export "memory") 2)
(export "cabi_realloc" (func $realloc))
(func (export "patchpanel:connector/connector@1.0.0#validate") (param $request i32) (result i32)
    (if (call $triggered (local.get $request)) (then
        (i32.store (i32.const 1960) (i32.const 1))
        (i32.store (i32.const 1964) (i32.const 0xfffffff0))
        (i32.store (i32.const 1968) (i32.const 51))
        (return (i32.const 1952))))
    (call $validate (local.get $request)))
