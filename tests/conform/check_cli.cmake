# cmake -D PROGRAM=<program> -D SUBJECT=<shared library> -D VECTORS=<folder>
#       -D SCRATCH=<folder> -P check_cli.cmake
# What `./suite conform` says and which code it exits with.
cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/../expect.cmake)

set(head [[{"schema": "surprisal-vectors/1", "source": "s", "cases": []])
set(case [[{"id": "a", "op": "exp", "dtype": "f32", "shape": [1], "x": ["0"],]])
file(WRITE ${SCRATCH}/good.json "${head}${case} \"want\": {\"exp\": [\"1\"]}}]}")
file(WRITE ${SCRATCH}/wrong.json "${head}${case} \"want\": {\"exp\": [\"2\"]}}]}")
file(WRITE ${SCRATCH}/typo.json "${head}${case} \"wnat\": {\"exp\": [\"1\"]}}]}")
file(WRITE ${SCRATCH}/broken.json "${head}${case}")

expect(0 "1 passed, 0 failed\n" good.json)
expect(1 "wrong.json: a: exp[0]: asked 2, got 0x1p+0 (1), 4.194e+06 ulp off"
       good.json wrong.json)
expect(1 "1 passed, 1 failed\n" good.json wrong.json)
expect(2 "typo.json: cases[0] (a): unknown key 'wnat'" good.json typo.json)
expect(2 "broken.json: parse error at line 1" broken.json)
expect(2 "missing.json: cannot be read" missing.json)
expect(2 "FILE is required")
expect(2 "has no fast tier yet" --tier fast good.json)
expect(2 "--tier: slow not in {exact,fast}" --tier slow good.json)
expect(2 "--subject: File does not exist: no.so" --subject no.so good.json)
expect(2 "good.json: " --subject good.json good.json)
expect(0 "--subject" --help)

# A report, and a subject of one's own.
expect(1 " failed\n" --subject ${SUBJECT} --json report.json
       ${VECTORS}/label_gradient.json)
file(READ ${SCRATCH}/report.json report)
string(JSON subject GET "${report}" subject)
string(JSON failed GET "${report}" failed)
string(JSON flagged GET "${report}" flags LabelGradient failed)
string(JSON output GET "${report}" failures 0 findings 0 output)
if(NOT subject STREQUAL "p - 1 at the label" OR failed EQUAL 0
   OR NOT failed EQUAL flagged OR NOT output STREQUAL "d_logits")
  message(SEND_ERROR "the report is wrong: ${subject}, ${failed} failed, "
                     "${flagged} of them flagged, first ${output}")
endif()
expect(2 "no/report.json: cannot be written" --json no/report.json good.json)
