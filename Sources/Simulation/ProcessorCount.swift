import Glibc

/// How many processors the machine has.
enum ProcessorCount {
  static var online: Int { Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
