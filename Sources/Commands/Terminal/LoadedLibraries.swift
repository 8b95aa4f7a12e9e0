import Glibc

/// The shared libraries of this process, as the dynamic linker knows them.
enum LoadedLibraries {
  /// The file that holds a symbol; symbolic links such as those of Debian's alternatives are followed, since the provider
  /// is in the real name.
  static func path(of symbol: String) -> String? {
    guard let address = dlsym(nil, symbol) else { return nil }
    var information = Dl_info()
    guard dladdr(address, &information) != 0, let name = information.dli_fname else { return nil }
    guard let real = realpath(name, nil) else { return String(cString: name) }
    defer { free(real) }
    return String(cString: real)
  }
}
