/** Variables whose value makes a runtime or the dynamic linker load code. */
const codeVariables: ReadonlySet<string> = new Set([
  // JVM: options, so agents and native libraries.
  'JAVA_TOOL_OPTIONS',
  'JDK_JAVA_OPTIONS',
  '_JAVA_OPTIONS',
  'JAVA_OPTS',
  'JAVA_OPTS_APPEND',
  'CATALINA_OPTS',
  'CLASSPATH',
  // Node.js
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_REPL_EXTERNAL_MODULE',
  // Python
  'PYTHONPATH',
  'PYTHONSTARTUP',
  'PYTHONHOME',
  'PYTHONUSERBASE',
  'PYTHONBREAKPOINT',
  // .NET
  'DOTNET_STARTUP_HOOKS',
  'DOTNET_ADDITIONAL_DEPS',
  'DOTNET_SHARED_STORE',
  'ASPNETCORE_HOSTINGSTARTUPASSEMBLIES',
  'CORECLR_PROFILER_PATH',
  'CORECLR_PROFILER_PATH_32',
  'CORECLR_PROFILER_PATH_64',
  'CORECLR_PROFILER_PATH_ARM64',
  'COR_PROFILER_PATH',
  'COR_PROFILER_PATH_32',
  'COR_PROFILER_PATH_64',
  // Ruby
  'RUBYOPT',
  'RUBYLIB',
  // Perl
  'PERL5OPT',
  'PERL5LIB',
  'PERLLIB',
  'PERL5DB',
  // PHP
  'PHP_INI_SCAN_DIR',
  'PHPRC',
  // The dynamic linker, the shell, the search path of commands.
  'LD_PRELOAD',
  'LD_LIBRARY_PATH',
  'LD_AUDIT',
  'BASH_ENV',
  'ENV',
  'PROMPT_COMMAND',
  'PS4',
  'PATH',
  // OpenSSL: engines and providers, which are libraries.
  'OPENSSL_CONF',
  'OPENSSL_ENGINES',
  'OPENSSL_MODULES',
]);

/** True for a variable that loads code, or says where code is loaded from. */
export function isCodeVariable(name: string): boolean {
  return codeVariables.has(name) || CODE_NAME.test(name);
}

/** Names by which vendors say where their code, or a file that names some, is. */
const CODE_NAME =
  /(EXTENSIONS?|PLUGINS?|CONFIG(URATION)?_?FILE|_HOME|_PATH|_HOOKS?|_LIBRARY|_OPTIONS|_OPTS)$|^(LD|DYLD)_/i;

/** The value of a JVM's system property is data: `-Dname=` has named what it is before the text of a user follows. */
const SYSTEM_PROPERTY = /(^|\s)-D[\w.-]+=\S*$/;

/** Directives of php.ini that load code. */
const CODE_DIRECTIVE = /(^|\n)[ \t]*(extension|zend_extension|auto_prepend_file|auto_append_file)[ \t]*=[^\n]*$/;

/** True if what follows this literal text in the variable's value decides what code is loaded. */
export function loadsCode(variable: string, before: string): boolean {
  return codeVariables.has(variable) && !SYSTEM_PROPERTY.test(before);
}

/** True if what follows this literal text in a configuration file decides what code is loaded. */
export function loadsCodeInFile(before: string): boolean {
  return CODE_DIRECTIVE.test(before);
}
