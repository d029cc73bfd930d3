# Installs what is made of other files: the unit with this prefix in its paths, completion as the installed program prints it, the manual.
set(root $ENV{DESTDIR}${CMAKE_INSTALL_PREFIX})
set(deploy ${CMAKE_CURRENT_LIST_DIR}/../deploy)

file(READ ${deploy}/systemd/skerry.service unit)
string(REPLACE /usr/local/ ${CMAKE_INSTALL_PREFIX}/ unit "${unit}")
file(WRITE ${root}/lib/systemd/system/skerry.service "${unit}")

function(install_completion shell file)
  execute_process(COMMAND ${root}/bin/skerry completion ${shell} OUTPUT_VARIABLE script COMMAND_ERROR_IS_FATAL ANY)
  file(WRITE ${root}/share/${file} "${script}")
endfunction()
install_completion(bash bash-completion/completions/skerry)
install_completion(zsh zsh/vendor-completions/_skerry)

file(MAKE_DIRECTORY ${root}/share/man/man1)
execute_process(COMMAND gzip --best --no-name --stdout ${deploy}/debian/skerry.1 OUTPUT_FILE ${root}/share/man/man1/skerry.1.gz
                COMMAND_ERROR_IS_FATAL ANY)
