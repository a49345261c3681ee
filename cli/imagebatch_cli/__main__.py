from imagebatch_cli.app import main

main()
