import Glibc

/// One event there and back over pipes: writes a line, waits for the whole answer, and again.
///
///     latency echo                                  answers every read with a line (the floor)
///     latency [--header] FILE COMMAND ARGUMENTS…    times COMMAND on FILE's lines, without the first
///                                                   if that is a header
///
/// Prints the median and the 99th percentile in microseconds, the first 500 events left out.

func echo() {
  var buffer = [UInt8](repeating: 0, count: 65536)
  let answer: [UInt8] = Array("0.5\n".utf8)
  while read(0, &buffer, buffer.count) > 0 {
    guard write(1, answer, answer.count) > 0 else { return }
  }
}

func lines(of path: String) -> [[UInt8]] {
  guard let file = fopen(path, "r") else { return [] }
  defer { fclose(file) }
  var all: [[UInt8]] = []
  var buffer = [CChar](repeating: 0, count: 65536)
  while fgets(&buffer, Int32(buffer.count), file) != nil {
    all.append(buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) })
  }
  return all
}

func time(_ events: [[UInt8]], _ command: [String]) -> [Double] {
  var (input, output): ([Int32], [Int32]) = ([0, 0], [0, 0])
  guard pipe(&input) == 0, pipe(&output) == 0 else { return [] }
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  posix_spawn_file_actions_adddup2(&actions, input[0], 0)
  posix_spawn_file_actions_adddup2(&actions, output[1], 1)
  for end in input + output { posix_spawn_file_actions_addclose(&actions, end) }
  var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
  var child: pid_t = 0
  guard posix_spawnp(&child, command[0], &actions, nil, &arguments, environ) == 0 else { return [] }
  close(input[0])
  close(output[1])
  var buffer = [UInt8](repeating: 0, count: 65536)
  var times: [Double] = []
  for line in events {
    var (start, end) = (timespec(), timespec())
    clock_gettime(CLOCK_MONOTONIC, &start)
    guard write(input[1], line, line.count) == line.count else { break }
    var count = 0
    repeat {
      count = read(output[0], &buffer, buffer.count)
    } while count > 0 && buffer[count - 1] != 0x0A
    clock_gettime(CLOCK_MONOTONIC, &end)
    guard count > 0 else { break }
    times.append(
      Double(end.tv_sec - start.tv_sec) * 1e6 + Double(end.tv_nsec - start.tv_nsec) / 1e3)
  }
  close(input[1])
  var status: Int32 = 0
  waitpid(child, &status, 0)
  return times
}

func run() {
  var arguments = CommandLine.arguments.dropFirst()
  let hasHeader = arguments.first == "--header"
  if hasHeader { arguments.removeFirst() }
  guard arguments.count > 1, let path = arguments.popFirst() else {
    echo()
    return
  }
  let events = Array(lines(of: path).dropFirst(hasHeader ? 1 : 0))
  let times = time(events, Array(arguments)).dropFirst(500).sorted()
  guard !times.isEmpty else {
    print("no answer")
    exit(1)
  }
  print(
    "p50_us \(times[times.count / 2]) p99_us \(times[times.count * 99 / 100]) events \(times.count)"
  )
}

run()
