# cmake -D PROGRAM=<program> -D PEERS=<name>;... -D SCRATCH=<folder>
#       -P check_bench.cmake
# What `./suite bench` measures, and what it says to a wrong command line. How
# long anything takes is not looked at.
cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/../expect.cmake)

# check_cell(CELL): the cell of a report is about something.
function(check_cell cell)
  string(JSON library GET "${cell}" library)
  string(JSON ulp GET "${cell}" worst_ulp)
  string(JSON judged GET "${cell}" results_judged)
  string(JSON threads GET "${cell}" threads)
  set(ratio memcpys)
  if(threads GREATER 1)
    set(ratio speedup)
  endif()
  string(JSON ratio GET "${cell}" ${ratio})
  string(JSON rounds LENGTH "${cell}" rounds)
  if(NOT ratio GREATER 0 OR NOT judged GREATER 0 OR NOT rounds EQUAL 2)
    message(SEND_ERROR "nothing was measured: ${cell}")
  endif()
  if(library STREQUAL "Surprisal" AND NOT ulp LESS_EQUAL 0.5)
    message(SEND_ERROR "this is not correctly rounded: ${cell}")
  endif()
endfunction()

# cells_of(REPORT LIBRARY VARIABLE): how many cells the library has.
function(cells_of report library variable)
  string(REGEX MATCHALL "\"library\": \"${library}\",[^{}]*\"worst_ulp\""
         cells "${report}")
  list(LENGTH cells count)
  set(${variable} ${count} PARENT_SCOPE)
endfunction()

# Everybody, on everything there is. All five quantities on two shapes of three
# types, on one thread and on two, are 60 cells of ours; of the others each has
# the two softmaxes of floats at least.
expect(0 "cross_entropy_with_gradient" --shape 5x3 --shape 1x1000 --rounds 2
       --min-time 1e-6 --confident 50 --json report.json
       --type float32 --type float16 --type bfloat16)
file(READ ${SCRATCH}/report.json report)
string(JSON cells LENGTH "${report}" cells)
math(EXPR last "${cells} - 1")
foreach(i RANGE ${last})
  string(JSON cell GET "${report}" cells ${i})
  check_cell("${cell}")
endforeach()
cells_of("${report}" Surprisal count)
if(NOT count EQUAL 60)
  message(SEND_ERROR "Surprisal has ${count} cells")
endif()
foreach(peer IN LISTS PEERS)
  cells_of("${report}" ${peer} count)
  if(count LESS 4)
    message(SEND_ERROR "${peer} has ${count} cells")
  endif()
endforeach()

# The page says the same of the same rows.
expect(0 "softmax" --shape 5x3 --quantity softmax --rounds 1 --min-time 1e-6
       --no-peers --markdown speed.md)
file(READ ${SCRATCH}/speed.md page)
if(NOT page MATCHES "`./suite bench --shape 5x3 --quantity softmax .*speed.md`\n"
   OR NOT page MATCHES "\n\\\\ref performance \"" OR NOT page MATCHES "## softmax, float32\n\n\\| rows x classes \\| Surprisal"
   OR NOT page MATCHES "\\| 5x3 \\| [0-9.]+ \\(0\\.[0-5][0-9]+\\) \\| x [0-9.]+ \\|")
  message(SEND_ERROR "not the page of that batch:\n${page}")
endif()

# The judge can tell: loops of floats are further off than half an ulp.
expect(0 "std::exp" --shape 9x100 --quantity softmax --peer std::exp --rounds 1
       --min-time 1e-6 --threads 1 --json loops.json)
file(READ ${SCRATCH}/loops.json report)
string(JSON cells LENGTH "${report}" cells)
string(JSON library GET "${report}" cells 1 library)
string(JSON ulp GET "${report}" cells 1 worst_ulp)
if(NOT cells EQUAL 2 OR NOT library STREQUAL "std::exp"
   OR NOT ulp GREATER 0.5)
  message(SEND_ERROR "of ${cells} cells the second is ${library}, ${ulp} ulp")
endif()

expect(2 "--shape: 12 is not ROWSxCLASSES, such as 8192x1000" --shape 12)
expect(2 "--shape: 0x10 is not ROWSxCLASSES" --shape 0x10)
expect(2 "--shape: 3x-1 is not ROWSxCLASSES" --shape 3x-1)
expect(2 "at most 1073741824 logits" --shape 1073741824x2)
expect(2 "--quantity: entropy not in {softmax,log_softmax,log_sum_exp,"
       --quantity entropy)
expect(2 "--peer: NumPy not in {" --peer NumPy)
expect(2 "--type: float64 not in {float32,float16,bfloat16}" --type float64)
expect(2 "--target: ABACUS not in {" --target ABACUS)
expect(2 "--rounds: Value 0 not in range 1 to 1000" --rounds 0)
expect(2 "--threads: Value 0 not in range 1 to 1024" --threads 0)
expect(2 "--confident: Value 101 not in range 0 to 100" --confident 101)
expect(2 "no/report.json: cannot be written" --json no/report.json)
expect(2 "no/speed.md: cannot be written" --markdown no/speed.md)
expect(2 "slowly" slowly)
expect(0 "--quantity" --help)
