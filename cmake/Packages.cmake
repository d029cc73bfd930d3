# What packages hold beside what `make install` installs: two components that it leaves out. scripts/build_package.sh installs them,
# and CPack makes the Debian package of the tree that it finds then.

install(SCRIPT cmake/InstallRuntime.cmake COMPONENT runtime EXCLUDE_FROM_ALL)

# What only a system's own package has: the unit, settings, completion, the manual.
set(debian ${CMAKE_SOURCE_DIR}/deploy/debian)
install(FILES ${CMAKE_SOURCE_DIR}/deploy/systemd/shannon.yaml DESTINATION /etc/skerry COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES ${CMAKE_SOURCE_DIR}/deploy/systemd/skerry.sysusers.conf DESTINATION lib/sysusers.d RENAME skerry.conf
        COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES ${debian}/copyright ${CMAKE_SOURCE_DIR}/CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT debian EXCLUDE_FROM_ALL)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/docs DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT debian EXCLUDE_FROM_ALL)
install(SCRIPT cmake/InstallDebian.cmake COMPONENT debian EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME skerry)
set(CPACK_PACKAGE_CONTACT "The Skerry project <packages@skerry.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "sandboxes for Python that agents write")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Runs code that nobody has read: Python with numpy, pandas and matplotlib, in a WebAssembly sandbox that
reaches none of your files and no network. A command, and a service over HTTP, gRPC and the Model Context Protocol.")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_SOURCE_DIR}/build/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_INSTALL_CMAKE_PROJECTS "")
set(CPACK_INSTALLED_DIRECTORIES "${CMAKE_SOURCE_DIR}/build/packages/tree;/")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
# As computed for the Debian that it is built on. Beside that: certificates for a model's server, pip for templates with packages.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS python3-pip)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${debian}/conffiles;${debian}/postinst;${debian}/prerm;${debian}/postrm")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
# Most of it is compressed already.
set(CPACK_DEBIAN_COMPRESSION_TYPE zstd)
include(CPack)
